/**
 * The face of the room: the policy file and what follows from it. zod, yaml and croner are loaded only when a
 * function that needs them is called, so that importing the face costs next to nothing.
 */

import type { ExplainOptions, Explanation } from './explain.ts';
import type { HostFacts } from './host-facts.ts';
import type { HostOptions, InitHost } from './init/host.ts';
import type { InitOptions } from './init/init.ts';
import type { Checked, HostDefaults, LoadOptions } from './load.ts';
import type { Mistake } from './mistakes.ts';
import type { Policy } from './policy-file.ts';

export async function loadPolicy(file: string, options: LoadOptions): Promise<Policy> {
  return (await import('./load.ts')).loadPolicy(file, options);
}

export async function checkPolicy(text: string, options: HostDefaults & { file: string }): Promise<Checked> {
  return (await import('./load.ts')).checkPolicy(text, options);
}

export async function explainPolicy(policy: Policy, options: ExplainOptions): Promise<Explanation> {
  return (await import('./explain.ts')).explainPolicy(policy, options);
}

/** The text of a commented policy file for this machine. */
export async function initPolicy(host: InitHost, options: InitOptions): Promise<string> {
  return (await import('./init/init.ts')).initPolicy(host, options);
}

/** What `initPolicy` asks, answered by this machine. */
export async function initHost(options: HostOptions): Promise<InitHost> {
  return (await import('./init/host.ts')).initHost(options);
}

/** What `explainPolicy` asks, answered by this machine. */
export async function hostFacts(options: HostOptions): Promise<HostFacts> {
  return (await import('./host-facts.ts')).hostFacts(options);
}

/** JSON Schema of the policy file, for editors. */
export async function policyJsonSchema(): Promise<string> {
  return (await import('./json-schema.ts')).policyJsonSchema();
}

export async function nextTimes(
  at: string,
  zone: string,
  now: number,
  count: number,
): Promise<readonly number[]> {
  return (await import('./schedule.ts')).nextTimes(at, zone, now, count);
}

export async function previousTime(at: string, zone: string, now: number): Promise<number | undefined> {
  return (await import('./schedule.ts')).previousTime(at, zone, now);
}

export { policyErrors } from './errors.ts';
export type { Gap, GapCode } from './gap.ts';
export type { NotYetActing } from './later.ts';
export { notYetActing } from './later.ts';
export type { Location } from './location.ts';
export { parseLocation } from './location.ts';
export { LONGEST_LOCK, mostToLock, usuallyLocked } from './lock-limits.ts';
export type { Keep } from './meaning.ts';
export { keepOf, originOf, placeOf, schedulesOf, targetsOf } from './meaning.ts';
export type { Sentence } from './plan-sentences.ts';
export type { Component, Policy, PolicySchedule, PolicyVault, ScheduleName, Target } from './policy-file.ts';
export { type Price, priceOf } from './prices.ts';
export type { ForgetLimit, Marked, RetentionFacts, RetentionPlan, RetentionRules } from './retention.ts';
export { limitForget, planRetention, retentionFacts } from './retention.ts';
export { retentionErrors } from './retention-errors.ts';
export type { Mark, RetentionCode, RetentionReason } from './retention-reasons.ts';
export { reasonText } from './retention-reasons.ts';
export type { CommandRunner, SecretOptions } from './secrets.ts';
export { resolveSecret } from './secrets.ts';
export type { Checked, ExplainOptions, Explanation, HostDefaults, HostFacts, InitHost, LoadOptions, Mistake };
