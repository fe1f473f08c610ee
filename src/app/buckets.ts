/** Buckets of the policy as guard sees them: the client that the vaults use as well, for settings and not for objects. */
import { type Bucket, openAccount, openBucket, type Wanted } from '../cloud/cloud.ts';
import type { Buckets } from '../operations/guard.ts';
import type { Policy } from '../policy/policy.ts';
import { openClient } from '../storage/s3/client.ts';
import { namedS3Error } from '../storage/s3/s3-errors.ts';
import { clientOptions } from './open-remote.ts';
import type { World } from './world.ts';

export function bucketsOf(
  { vaults }: Policy,
  world: World,
  askCode?: (serial: string) => Promise<string>,
): Buckets {
  const optionsOf = (vault: string) => clientOptions(vaults[vault] ?? {}, world, askCode);
  return {
    whereabouts: (vault) => {
      const { region, endpoint } = optionsOf(vault);
      return { region, aws: endpoint === undefined };
    },
    open: (wanted) => open(wanted, optionsOf(wanted.vault), world),
  };
}

async function open(
  wanted: Wanted,
  options: ReturnType<typeof clientOptions>,
  { clock, random }: World,
): Promise<Bucket> {
  const storage = `s3://${wanted.bucket}`;
  // Questions, and settings that are the same when they are made twice.
  const { sdk, client } = await openClient(storage, { ...options, attempts: 3 });
  const account = wanted.aws
    ? await openAccount({ ...options, credentials: client.config.credentials })
    : undefined;
  return openBucket({
    sdk,
    client,
    account,
    wanted,
    clock,
    random,
    named: (error) => namedS3Error({ storage, operation: 'open', key: '' }, error),
  });
}
