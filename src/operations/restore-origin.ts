/** Where a component of a snapshot goes back to. */
import type { Origin } from '../model/snapshot.ts';
import { originOf } from '../policy/policy.ts';
import type { Parts } from './parts.ts';

/**
 * The origin that the snapshot names, with the password of the policy that is in force now: the one of that day may
 * have been changed since, and one that a command prints is never kept.
 */
export function withPassword(
  origin: Origin,
  target: string,
  component: string,
  { policy }: Pick<Parts, 'policy'>,
): Origin {
  const settings = policy?.targets[target]?.components[component];
  const present = settings === undefined ? undefined : originOf(settings);
  if (present?.kind !== origin.kind || !('password' in present) || !('server' in origin)) return origin;
  return { ...origin, password: present.password };
}
