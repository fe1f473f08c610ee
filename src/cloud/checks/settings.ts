/** Checks of what a bucket is set to: versions, locks, encryption, public access. And of the clock. */
import type { GuardFinding } from '../finding.ts';
import type { Encryption, LockSetting, Posture, PublicAccess } from '../posture.ts';
import { deniesAll, onlyCondition, type Question } from '../statement.ts';
import { objectArn, rootOf, type Wanted } from '../wanted.ts';
import { type Check, check, finding } from './check.ts';

/** Milliseconds that a clock may be off: the seconds of HTTP's dates and the way to the server are in it. */
const CLOCK_TOLERANCE = 60_000;

export function checkVersioning({ versioning }: Posture): Check {
  return check('versioning', versioning, (state) =>
    state === 'enabled' ? [] : [finding('versioning-off', { state })],
  );
}

export function checkLock({ lock }: Posture, wanted: Wanted): Check {
  return check('object-lock', lock, ({ enabled }) => {
    if (wanted.lock === undefined) return [finding('lock-not-asked', { vault: wanted.vault })];
    return enabled ? [] : [finding('lock-off', { days: wanted.lock.days })];
  });
}

/** The default is a net: snapshots get dates of their own. It must neither have holes nor catch for ever. */
export function checkDefaultRetention({ lock }: Posture, wanted: Wanted): Check {
  return check('default-retention', lock, (setting) => defaultFindings(setting, wanted));
}

function defaultFindings({ enabled, byDefault }: LockSetting, { lock }: Wanted): readonly GuardFinding[] {
  if (lock === undefined || !enabled) return [];
  if (byDefault === undefined) return [finding('default-none')];
  const { mode, days: actual } = byDefault;
  const { days } = lock;
  const most = days + lock.generation;
  const found: GuardFinding[] = [];
  if (lock.mode === 'COMPLIANCE' && mode !== 'COMPLIANCE')
    found.push(finding('default-governance', { actual: mode }));
  if (actual < days) found.push(finding('default-short', { actual, days }));
  if (actual > most) found.push(finding('default-long', { actual, most }));
  return found;
}

export function checkEncryption({ encryption }: Posture, { aws, kind }: Wanted): Check {
  return check('encryption', encryption, ({ algorithm }) => {
    if (algorithm === 'AES256') return [];
    if (algorithm !== undefined) return [finding('encryption-kms', { algorithm })];
    // Other servers need keys of their own for it, and a repository is encrypted before it gets there.
    if (aws) return [finding('encryption-none')];
    return kind === 'plain' ? [finding('encryption-none-here')] : [];
  });
}

/** A key that others hold can be taken away by them. */
export function checkForeignKeys({ policy }: Posture, wanted: Wanted): Check {
  return check('sse-kms', policy, ({ statements }) => {
    const denied = deniesAll(statements, [putting(wanted)], ({ Null, ...others }) => {
      const present = Null === undefined || onlyCondition({ Null }, 'Null', ENCRYPTION) === 'false';
      return present && onlyCondition(others, 'StringNotEquals', ENCRYPTION) === 'AES256';
    });
    return denied ? [] : [finding('encryption-foreign')];
  });
}

/** Either the bucket itself refuses it, or its policy does. */
export function checkCustomerKeys({ encryption, policy }: Posture, wanted: Wanted): Check {
  if (encryption.known && blocksCustomerKeys(encryption.value))
    return { aspect: 'sse-c', state: 'fine', findings: [] };
  return check('sse-c', policy, ({ statements }) => {
    const denied = deniesAll(
      statements,
      [putting(wanted)],
      (conditions) => onlyCondition(conditions, 'Null', CUSTOMER_ALGORITHM) === 'false',
    );
    return denied ? [] : [finding('encryption-customer')];
  });
}

export const ENCRYPTION = 's3:x-amz-server-side-encryption';
export const CUSTOMER_ALGORITHM = 's3:x-amz-server-side-encryption-customer-algorithm';

export function blocksCustomerKeys({ blocked }: Encryption): boolean {
  return blocked.includes('SSE-C');
}

export function checkPublicAccess({ publicAccess }: Posture): Check {
  return check('public-access', publicAccess, (settings) => {
    const missing = openSettings(settings);
    return missing.length === 0 ? [] : [finding('public-access', { missing })];
  });
}

export function openSettings(settings: PublicAccess): readonly string[] {
  return Object.entries(settings).flatMap(([name, set]) => (set ? [] : [name]));
}

export function checkClock({ clock }: Posture): Check {
  return check('clock', clock, (difference) => {
    if (Math.abs(difference) <= CLOCK_TOLERANCE) return [];
    return [finding('clock-off', { seconds: Math.round(Math.abs(difference) / 1_000) })];
  });
}

function putting(wanted: Wanted): Question {
  return { action: 's3:PutObject', resource: objectArn(wanted, `${rootOf(wanted)}some/object`) };
}
