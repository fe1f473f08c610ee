/** All commands, by name, in the order in which help lists them. Each is loaded when it is asked for. */
import type { KnownCommands } from './command.ts';

export const commands: KnownCommands['commands'] = {
  'policy init': async () => (await import('./policy-init.ts')).policyInit,
  'policy check': async () => (await import('./policy-check.ts')).policyCheck,
  'policy explain': async () => (await import('./policy-explain.ts')).policyExplain,
  'policy schema': async () => (await import('./policy-schema.ts')).policySchema,
  backup: async () => (await import('./backup.ts')).backupCommand,
  copy: async () => (await import('./copy.ts')).copyCommand,
  snapshots: async () => (await import('./snapshots.ts')).snapshotsCommand,
  ls: async () => (await import('./ls.ts')).lsCommand,
  find: async () => (await import('./find.ts')).findCommand,
  diff: async () => (await import('./diff.ts')).diffCommand,
  dump: async () => (await import('./dump.ts')).dumpCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  forget: async () => (await import('./forget.ts')).forgetCommand,
  prune: async () => (await import('./prune.ts')).pruneCommand,
  prove: async () => (await import('./prove.ts')).proveCommand,
  repair: async () => (await import('./repair.ts')).repairCommand,
  protect: async () => (await import('./protect.ts')).protectCommand,
  unlock: async () => (await import('./unlock.ts')).unlockCommand,
  'vault create': async () => (await import('./vault-create.ts')).vaultCreateCommand,
  'vault list': async () => (await import('./vault-list.ts')).vaultListCommand,
  'vault test': async () => (await import('./vault-test.ts')).vaultTestCommand,
  guard: async () => (await import('./guard.ts')).guardCommand,
  'key list': async () => (await import('./key-list.ts')).keyListCommand,
  'key add': async () => (await import('./key-add.ts')).keyAddCommand,
  'key remove': async () => (await import('./key-remove.ts')).keyRemoveCommand,
  'key passwd': async () => (await import('./key-passwd.ts')).keyPasswdCommand,
  'kit print': async () => (await import('./kit-print.ts')).kitPrintCommand,
  'kit confirm': async () => (await import('./kit-confirm.ts')).kitConfirmCommand,
  log: async () => (await import('./log.ts')).logCommand,
};

/** What the first words of the commands of two words stand for. */
export const groups: KnownCommands['groups'] = {
  policy: {
    en: 'write, check and explain the policy file',
    ja: 'ポリシーファイルの作成・検査・説明',
  },
  vault: { en: 'make, list and try out vaults', ja: '保管先の作成・一覧・動作確認' },
  key: { en: 'the passwords of a repository', ja: 'リポジトリーのパスワード' },
  kit: {
    en: 'the page that brings data back when all else is lost',
    ja: 'すべてを失ったときにデータを取り戻すための紙面',
  },
};
