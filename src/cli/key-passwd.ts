/** `hikae key passwd`: another password in the place of the one in use. */
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, repositoryOption } from './look.ts';
import { newPasswordOptions, readNewPassword } from './new-password.ts';
import { parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownKey } from './shown.ts';

const texts = {
  changed: {
    en: 'the password of {vault} was changed; its key is {key} now\nPut the new one where the policy looks for it: from now on the old one opens nothing.',
    ja: '{vault} のパスワードを変更しました（新しい鍵は {key}）\nポリシーの参照先にも新しいパスワードを置いてください。古いパスワードではもう開けません。',
  },
} as const satisfies Record<string, Bilingual>;

export const keyPasswdCommand = defineCommand({
  name: 'key passwd',
  summary: {
    en: 'change the password that a repository was opened with',
    ja: 'リポジトリーを開いているパスワードを変更します',
  },
  description: {
    en: 'The new password is stored and tried before the old one goes. The data is not encrypted anew: whoever had the old password and a copy of its key file can read the repository with it for ever.',
    ja: '新しいパスワードを保存し、開けることを確かめてから古いものを削除します。データは暗号化し直しません。古いパスワードと鍵ファイルの写しを持つ人は、今後もリポジトリーを読めます。',
  },
  arguments: {},
  options: {
    vault: repositoryOption,
    passwordFile: passwordFileOption,
    ...newPasswordOptions,
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae key passwd --vault s3 --new-password-file /etc/hikae/repository.pw.new',
      text: {
        en: 'then move that file over the old one',
        ja: '続けて、そのファイルで古いファイルを置き換えます',
      },
    },
  ],
  async run(context, _arguments, options) {
    return inPolicyOrVault(context, options, async (parts) => {
      const { setPassword } = await import('../app/operations.ts');
      const password = () => readNewPassword(context, options, 'hikae key passwd');
      const result = await setPassword({ vault: options.vault, password, replace: true }, parts);
      const { vault, key } = result;
      await context.results.show(result, (language) =>
        fill(texts.changed[language], { vault, key: shownKey(key.id) }),
      );
      return {};
    });
  },
});
