/** What the commands that look into snapshots have in common: their arguments, and where they look. */
import type { LookOptions } from '../app/operations.ts';
import type { CommandContext } from './context.ts';
import { lockWait } from './lock-wait.ts';
import { flag, one, parsed, value } from './options.ts';

export const snapshotArgument = one('SNAP', {
  en: 'TARGET (its latest), TARGET/DATE, TARGET/latest, an id, or a place as `hikae snapshots` lists it',
  ja: 'TARGET（その最新）、TARGET/日付、TARGET/latest、ID、または `hikae snapshots` に出る場所',
});

export const vaultOption = value('VAULT', {
  en: 'a vault of the policy, or the path or URL of one (the nearest that has it when not given)',
  ja: 'ポリシーの保管先の名前か、パス・URL（省略時は該当するものがある最も近い保管先）',
});

export const vaultsOption = value('VAULT', {
  en: 'only this vault of the policy, or the path or URL of one',
  ja: 'この保管先だけ（ポリシーの名前か、パス・URL）',
});

/** Of the commands that only make sense for a vault that is encrypted. */
export const repositoryOption = value('VAULT', {
  en: 'a repository of the policy, or the path or URL of one (the only one of the policy when not given)',
  ja: 'ポリシーのリポジトリーの名前か、パス・URL（省略時はポリシーにある唯一のリポジトリー）',
});

export const passwordFileOption = value('FILE', {
  en: "with --vault: a file with the repository's password (else as the policy says, or RESTIC_PASSWORD_FILE)",
  ja: '--vault とともに: リポジトリーのパスワードのファイル（省略時はポリシーか RESTIC_PASSWORD_FILE）',
});

/** For commands that read what a snapshot holds: meanwhile nobody may remove it. */
export const lockOptions = {
  noLock: flag({
    en: 'put no lock into a repository: nobody is kept from removing what is being read',
    ja: 'リポジトリーにロックを置きません（読み取り中のデータが削除される可能性があります）',
  }),
  lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
};

/** As of when, and in which vault. A day of --as-of ends in the time zone of the policy. */
export function lookOptions(
  { asOf }: CommandContext,
  vault: string | undefined,
  { zone }: { readonly zone: string },
): LookOptions {
  return { vault, asOf: asOf?.instantIn(zone) };
}
