/** The face of the room: the account side of a bucket. How it stands, and how it should. */
export { openAccount } from './account.ts';
export { applyPlan } from './apply.ts';
export { type Bucket, openBucket, type S3Sdk } from './bucket.ts';
export { stemOf } from './bucket-policy.ts';
export type { Aspect, Check, CheckState } from './checks/check.ts';
export { designAccount } from './code/account-design.ts';
export { writeCloudFormation } from './code/cloudformation.ts';
export { writeTerraform } from './code/terraform.ts';
export {
  type GuardFinding,
  guardFindings,
  type Severity,
  type SpelledFinding,
  spellFinding,
} from './finding.ts';
export { gather } from './gather.ts';
export { judge } from './judge.ts';
export { type GuardPlan, isIrreversible, planGuard, type Step } from './plan.ts';
export type { Posture } from './posture.ts';
export { standardMonth } from './prices.ts';
export { type Attempt, type AttemptEnd, type TamperTest, tamperTest } from './tamper.ts';
export type { Wanted } from './wanted.ts';
