/** What the commands that look into snapshots have in common: their arguments, and where they look. */
import type { LookOptions } from '../app/operations.ts';
import type { CommandContext } from './context.ts';
import { one, value } from './options.ts';

export const snapshotArgument = one('SNAP', {
  en: 'TARGET (its latest), TARGET/DATE, TARGET/latest, an id, or a place as `hikae snapshots` lists it',
  ja: 'TARGET（その最新）、TARGET/日付、TARGET/latest、ID、または `hikae snapshots` に出る場所',
});

export const vaultOption = value('VAULT', {
  en: 'a vault of the policy, or the path of one (the nearest that has it when not given)',
  ja: 'ポリシーの保管先の名前かパス（省略時は該当するものがある最も近い保管先）',
});

export const vaultsOption = value('VAULT', {
  en: 'only this vault of the policy, or the path of one',
  ja: 'この保管先だけ（ポリシーの名前かパス）',
});

/** As of when, and in which vault. A day of --as-of ends in the time zone of the policy. */
export function lookOptions(
  { asOf }: CommandContext,
  vault: string | undefined,
  { zone }: { readonly zone: string },
): LookOptions {
  return { vault, asOf: asOf?.instantIn(zone) };
}
