/** `hikae key add`: one more password for a repository. */
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { cliErrors } from './errors.ts';
import { kitFileOption, showNewKit } from './kit-output.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, repositoryOption } from './look.ts';
import { newPasswordOptions, readNewPassword } from './new-password.ts';
import { flag, parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownKey } from './shown.ts';

const texts = {
  added: {
    en: 'the key {key} was added to {vault}; its password opens it',
    ja: '{vault} に鍵 {key} を追加しました（そのパスワードで開けることを確認済み）',
  },
} as const satisfies Record<string, Bilingual>;

export const keyAddCommand = defineCommand({
  name: 'key add',
  summary: { en: 'add a password to a repository', ja: 'リポジトリーにパスワードを追加します' },
  description: {
    en: 'Every password opens all of the repository, for restic too. With --recovery hikae makes up a strong one and shows it once, on the page of the recovery kit, for a place away from this machine.',
    ja: 'どのパスワードでもリポジトリー全体を開けます（restic でも同じです）。--recovery を付けると、hikae が強いパスワードを作成し、復旧キットの紙面に一度だけ表示します。このマシンとは別の場所に保管してください。',
  },
  arguments: {},
  options: {
    vault: repositoryOption,
    passwordFile: passwordFileOption,
    ...newPasswordOptions,
    recovery: flag({
      en: 'a random password for the recovery kit, as `hikae kit print --new` makes it',
      ja: '復旧キット用の無作為なパスワード（`hikae kit print --new` と同じ）',
    }),
    kitFile: kitFileOption,
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae key add --vault s3 --new-password-file /root/second.pw',
      text: { en: 'for a second person', ja: '別の担当者のために' },
    },
    {
      line: 'hikae key add --vault s3 --recovery',
      text: { en: 'for the safe', ja: '金庫に保管するために' },
    },
  ],
  async run(context, _arguments, options) {
    refuseMixtures(options);
    return inPolicyOrVault(context, options, async (parts) => {
      if (options.recovery) {
        await showNewKit(context, options, parts);
        return {};
      }
      const { setPassword } = await import('../app/operations.ts');
      const password = () => readNewPassword(context, options, 'hikae key add');
      const result = await setPassword({ vault: options.vault, password, replace: false }, parts);
      const { vault, key } = result;
      await context.results.show(result, (language) =>
        fill(texts.added[language], { vault, key: shownKey(key.id) }),
      );
      return {};
    });
  },
});

interface Options {
  readonly recovery: boolean;
  readonly kitFile: string | undefined;
  readonly newPasswordFile: string | undefined;
  readonly newPasswordEnv: string | undefined;
  readonly newPasswordCommand: string | undefined;
}

function refuseMixtures({ recovery, kitFile, ...given }: Options): void {
  const said = given.newPasswordFile ?? given.newPasswordEnv ?? given.newPasswordCommand;
  if (recovery && said !== undefined)
    throw cliErrors.CLI_OPTIONS_CONFLICT({ options: ['--recovery', '--new-password-…'] });
  if (!recovery && kitFile !== undefined)
    throw cliErrors.CLI_OPTION_ALONE({ option: '--kit-file', other: '--recovery' });
}
