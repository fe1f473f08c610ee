/** What a request means in a policy: its schedule, its targets. */
import {
  type Policy,
  type PolicySchedule,
  type ScheduleName,
  schedulesOf,
  targetsOf,
} from '../policy/policy.ts';
import { operationErrors } from './errors.ts';

export function chooseSchedule(
  policy: Policy,
  wanted: ScheduleName | undefined,
): readonly [ScheduleName, PolicySchedule] {
  const schedules = schedulesOf(policy);
  const chosen = wanted === undefined ? schedules[0] : schedules.find(([name]) => name === wanted);
  if (chosen !== undefined) return chosen;
  throw operationErrors.SCHEDULE_UNKNOWN({ schedule: wanted ?? '', known: schedules.map(([name]) => name) });
}

/** Those that were named, else those of the schedule; each once, in the order of the policy. */
export function chooseTargets(
  policy: Policy,
  wanted: readonly string[],
  schedule: PolicySchedule,
): readonly string[] {
  requireTargets(policy, wanted);
  const chosen = new Set(wanted.length === 0 ? targetsOf(policy, schedule) : wanted);
  return Object.keys(policy.targets).filter((name) => chosen.has(name));
}

export function requireTargets(policy: Policy, wanted: readonly string[]): void {
  const known = Object.keys(policy.targets);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw operationErrors.TARGET_UNKNOWN({ target: unknown, known });
}
