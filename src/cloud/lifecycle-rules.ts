/** The lifecycle rules that a vault needs: what is removed in a bucket where every deletion only hides. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { noncurrentDays, passingPrefixes } from './checks/lifecycle.ts';
import { rootOf, TAMPER_TESTS, type Wanted } from './wanted.ts';

/** Days after which the parts of an upload that nobody finished go: a run may be taken up again until then. */
const UNFINISHED = 7;
/** Days after which a lock or a tamper test is a rest of a crash. */
const PASSING = 2;

export function lifecycleRules(wanted: Wanted): readonly LifecycleRule[] {
  const root = rootOf(wanted);
  const name = wanted.prefix === '' ? 'bucket' : wanted.prefix;
  const rule = (ID: string, Prefix: string, what: Partial<LifecycleRule>): LifecycleRule => ({
    ID: `hikae-${ID}`,
    Status: 'Enabled',
    Filter: { Prefix },
    ...what,
  });
  return [
    rule(`versions-${name}`, root, {
      NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays(wanted) },
    }),
    rule(`markers-${name}`, root, { Expiration: { ExpiredObjectDeleteMarker: true } }),
    rule(`unfinished-${name}`, root, {
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED },
    }),
    ...passingPrefixes(wanted).map((prefix) =>
      rule(prefix === TAMPER_TESTS ? 'tamper-tests' : `locks-${name}`, prefix, {
        Expiration: { Days: PASSING },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      }),
    ),
  ];
}
