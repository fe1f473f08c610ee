/** From how a bucket stands and what the policy asks of it to how every check ends. Pure: the same facts, the same verdict. */
import { checkKeys, checkRights } from './checks/account.ts';
import { type Check, check, finding } from './checks/check.ts';
import { checkLifecycle } from './checks/lifecycle.ts';
import { checkDeletion, checkLockBounds, checkTls } from './checks/policy.ts';
import {
  checkClock,
  checkCustomerKeys,
  checkDefaultRetention,
  checkEncryption,
  checkForeignKeys,
  checkLock,
  checkPublicAccess,
  checkVersioning,
} from './checks/settings.ts';
import type { Posture } from './posture.ts';
import type { Wanted } from './wanted.ts';

/** `now` in milliseconds since 1970 UTC. */
export function judge(posture: Posture, wanted: Wanted, now: number): readonly Check[] {
  const { exists } = posture;
  const bucket = check('bucket', exists, (there) =>
    there ? [] : [finding('bucket-missing', { bucket: wanted.bucket })],
  );
  const account = [checkClock(posture), checkKeys(posture, now), checkRights(posture)];
  // Of what isn't there nothing can be said.
  if (exists.known && !exists.value) return [bucket, ...account];
  return [
    bucket,
    checkVersioning(posture),
    checkLock(posture, wanted),
    checkDefaultRetention(posture, wanted),
    checkLifecycle(posture, wanted),
    checkEncryption(posture, wanted),
    checkForeignKeys(posture, wanted),
    checkCustomerKeys(posture, wanted),
    checkPublicAccess(posture),
    checkTls(posture, wanted),
    checkDeletion(posture, wanted),
    checkLockBounds(posture, wanted),
    ...account,
  ];
}
