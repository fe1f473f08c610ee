/** What can go wrong with a policy file and what it refers to. */
import { defineErrors } from '../base/errors.ts';

export const policyErrors = defineErrors({
  POLICY_MISSING: {
    exit: 2,
    message: { en: 'there is no policy file {file}', ja: 'ポリシーファイル {file} がありません' },
    hint: {
      en: 'Write one with `hikae policy init`, or name it with --policy FILE.',
      ja: '`hikae policy init` で作成するか、--policy FILE で指定してください。',
    },
  },
  POLICY_UNREADABLE: {
    exit: 2,
    message: { en: '{file} could not be read: {reason}', ja: '{file} を読み取れませんでした: {reason}' },
    hint: {
      en: 'Check the path, its permissions and that it is UTF-8 text.',
      ja: 'パスと権限、UTF-8 のテキストであることを確認してください。',
    },
  },
  POLICY_TOO_BIG: {
    exit: 2,
    message: {
      en: '{file} has {size} bytes; a policy has at most {most}',
      ja: '{file} は {size} バイトあります。ポリシーは {most} バイトまでです',
    },
    hint: { en: 'Check that this is the policy file.', ja: 'ポリシーファイルであるか確認してください。' },
  },
  POLICY_INVALID: {
    exit: 2,
    message: {
      en: 'mistakes in {file}: {count}\n{mistakes}',
      ja: '{file} に {count} 件の誤りがあります\n{mistakes}',
    },
    hint: {
      en: 'Correct them; `hikae policy check` looks again. Every key is described in docs/reference/policy.md.',
      ja: '修正してから `hikae policy check` で再確認してください。各キーの説明は docs/reference/policy.md にあります。',
    },
  },
  POLICY_WRITABLE: {
    exit: 2,
    message: {
      en: 'others can write {path}, and with it decide what {file} says',
      ja: '{path} に他のユーザーが書き込めるため、{file} の内容を変えられてしまいます',
    },
    hint: { en: 'Run: {command}', ja: '次を実行してください: {command}' },
  },
  POLICY_OWNER: {
    exit: 2,
    message: {
      en: '{path} belongs to user {owner}, who can so decide what {file} says',
      ja: '{path} の所有者はユーザー {owner} で、{file} の内容を変えられてしまいます',
    },
    hint: { en: 'Run: {command}', ja: '次を実行してください: {command}' },
  },
  POLICY_NOT_A_FILE: {
    exit: 2,
    message: { en: '{path} is not a regular file', ja: '{path} は通常のファイルではありません' },
    hint: { en: 'Name a file.', ja: 'ファイルを指定してください。' },
  },
  POLICY_LINK_LOOP: {
    exit: 2,
    message: {
      en: 'too many symbolic links on the way to {file}',
      ja: '{file} までのシンボリックリンクが多すぎます',
    },
    hint: { en: 'Name the file itself.', ja: 'ファイルの実体を指定してください。' },
  },
  POLICY_VAULT_IN_SOURCE: {
    exit: 2,
    message: {
      en: 'vault {vault} is really at {path}, inside the source {source} ({real}): it would take in its own snapshots',
      ja: '保管先 {vault} の実体 {path} が取得元 {source}（{real}）の中にあります。自身のスナップショットまで取り込んでしまいます',
    },
    hint: {
      en: 'Put the vault elsewhere, or name sources that do not hold it.',
      ja: '保管先を別の場所に移すか、保管先を含まない取得元を指定してください。',
    },
  },
  POLICY_SOURCE_IN_VAULT: {
    exit: 2,
    message: {
      en: 'the source {source} is really at {real}, inside vault {vault} ({path})',
      ja: '取得元 {source} の実体 {real} が保管先 {vault}（{path}）の中にあります',
    },
    hint: {
      en: 'Name the folder that the data really comes from.',
      ja: 'データの本来のフォルダーを指定してください。',
    },
  },
  POLICY_SECRET_EXPOSED: {
    exit: 2,
    message: {
      en: 'others can read the secret in {path}',
      ja: '{path} の秘密の値を他のユーザーが読み取れます',
    },
    hint: { en: 'Run: {command}', ja: '次を実行してください: {command}' },
  },
  POLICY_SECRET_MISSING: {
    exit: 2,
    message: { en: 'the secret in {from} is missing', ja: '{from} に秘密の値がありません' },
    hint: {
      en: 'Put it there, or change the reference in the policy.',
      ja: '値を設定するか、ポリシーの参照先を直してください。',
    },
  },
  POLICY_SECRET_COMMAND: {
    exit: 2,
    message: {
      en: 'the command for a secret failed: {command} ({reason})',
      ja: '秘密の値を得るコマンドが失敗しました: {command}（{reason}）',
    },
    hint: { en: 'Run it by hand and see why.', ja: '手動で実行して原因を確認してください。' },
  },
});
