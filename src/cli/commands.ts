/** All commands, by name, in the order in which help lists them. Each is loaded when it is asked for. */
import type { KnownCommands } from './command.ts';

export const commands: KnownCommands['commands'] = {
  'policy init': async () => (await import('./policy-init.ts')).policyInit,
  'policy check': async () => (await import('./policy-check.ts')).policyCheck,
  'policy explain': async () => (await import('./policy-explain.ts')).policyExplain,
  'policy schema': async () => (await import('./policy-schema.ts')).policySchema,
  backup: async () => (await import('./backup.ts')).backupCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
};

/** What the first words of the commands of two words stand for. */
export const groups: KnownCommands['groups'] = {
  policy: {
    en: 'write, check and explain the policy file',
    ja: 'ポリシーファイルの作成・検査・説明',
  },
};
