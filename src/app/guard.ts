/** The operations of guard, apart from the others: no other command has to load the room of clouds. */
export {
  type Aspect,
  type Attempt,
  type Check,
  type CheckState,
  type GuardPlan,
  isIrreversible,
  type Severity,
  type Step,
  spellFinding,
  standardMonth,
  type Wanted,
} from '../cloud/cloud.ts';
export { type GuardEnd, type GuardParts, type GuardReport, guard } from '../operations/guard.ts';
export { type AppliedGuard, applyGuard } from '../operations/guard-apply.ts';
export { type CodeLanguage, writeAccountCode } from '../operations/guard-code.ts';
export { type TamperEnd, type TamperReport, tamperWithBuckets } from '../operations/guard-tamper.ts';
