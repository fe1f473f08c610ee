/** Where attacks are tried: a server, whose keys are whose there, and for how long what lies there is locked. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { LockSettings } from '../../src/vault/locking/lock-dates.ts';
import { startCeph } from '../servers/ceph.ts';

const DAY = 86_400_000;

/** Keys, and who has them. */
export interface Holder {
  readonly id: string;
  readonly secret: string;
  /** of a session */
  readonly token?: string | undefined;
  readonly arn: string;
}

export interface Arena {
  /** undefined: that of AWS */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly owner: Holder;
  /** who may do nothing but what the policy of the bucket says */
  readonly uploader: Holder;
  readonly reader: Holder;
  readonly lock: LockSettings;
  /** A place of its own for each attack, in a bucket that may be there already. */
  placeOf(name: string): { readonly bucket: string; readonly prefix: string; readonly isThere: boolean };
  leave(owner: S3Client): Promise<void>;
}

/** As tools of AWS find keys in the environment. */
export function environmentOf({ id, secret, token = '' }: Holder): Readonly<Record<string, string>> {
  return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token };
}

/** A day of the lifecycle, in seconds. */
const SHORT_DAY = 5;

/** A server of this test alone, with a bucket for each attack. */
export async function cephArena(): Promise<Arena> {
  const settings = ['rgw_crypt_require_ssl = false', `rgw_lc_debug_interval = ${SHORT_DAY}`];
  const ceph = await startCeph({ reader: true, settings });
  const user = (name: string) => `arn:aws:iam:::user/${name}`;
  const { id, secret } = ceph.reader ?? { id: '', secret: '' };
  return {
    endpoint: ceph.endpoint,
    region: 'us-east-1',
    owner: { ...ceph.user, arn: user('first') },
    uploader: { ...ceph.stranger, arn: user('stranger') },
    reader: { id, secret, arn: user('reader') },
    lock: { mode: 'compliance', for: 7 * DAY, generation: 2 * DAY },
    placeOf: (name) => ({ bucket: name, prefix: 'rental', isThere: false }),
    leave: () => ceph.stop(),
  };
}
