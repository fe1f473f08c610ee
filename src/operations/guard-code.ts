/** guard --terraform and --cloudformation: the account side as code, from the policy alone. No server is asked. */
import { designAccount, stemOf, type Wanted, writeCloudFormation, writeTerraform } from '../cloud/cloud.ts';
import type { Policy } from '../policy/policy.ts';
import { operationErrors } from './errors.ts';
import { type GuardParts, wantedBuckets } from './guard.ts';

export type CodeLanguage = 'terraform' | 'cloudformation';

export function writeAccountCode(
  language: CodeLanguage,
  vault: string | undefined,
  parts: Pick<GuardParts, 'policy' | 'buckets'>,
): string {
  const all = wantedBuckets(vault, parts);
  const onAws = all.filter(({ aws }) => aws);
  if (onAws.length === 0) throw operationErrors.GUARD_NOT_AWS({ vaults: all.map((wanted) => wanted.vault) });
  for (const [name, sharing] of Map.groupBy(onAws, stemOf)) refuseSharing(name, sharing);
  const design = designAccount(onAws, alarmsOf(parts.policy));
  return language === 'terraform' ? writeTerraform(design) : writeCloudFormation(design);
}

function refuseSharing(name: string, sharing: readonly Wanted[]): void {
  if (sharing.length < 2) return;
  throw operationErrors.GUARD_NAMES_COLLIDE({ name, vaults: sharing.map(({ vault }) => vault) });
}

/** Without `cost` nobody has said what is too much. */
function alarmsOf({ cost, notify }: Policy) {
  if (cost === undefined) return undefined;
  const dollars = (amount: number) => Number((amount / cost.rate).toFixed(3));
  return {
    thresholds: { warning: dollars(cost.warning), critical: dollars(cost.critical) },
    // AWS sends from outside: what only this machine or network delivers is of no use there.
    addresses: (notify?.mail?.to ?? []).filter((address) => /@[^@]+\.[a-z]{2,}$/i.test(address)),
  };
}
