/** `hikae kit print`: the page that brings data back when everything else is lost. */
import type { Kit } from '../app/operations.ts';
import { defineCommand } from './command.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import { kitFileOption, openKitOutput, showNewKit } from './kit-output.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, repositoryOption } from './look.ts';
import { flag, parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';

export const kitPrintCommand = defineCommand({
  name: 'kit print',
  summary: {
    en: 'print the recovery kit of a repository',
    ja: 'リポジトリーの復旧キットを出力します',
  },
  description: {
    en: 'The page says in both languages where the repository is, and the lines that bring data back from it with restic or with hikae. Its password is known to nobody but the page: with --new another recovery key is made and shown once; keys from before stay until `hikae key remove`.',
    ja: 'リポジトリーの場所と、restic または hikae でデータを取り戻すコマンドを、2 つの言語で示します。パスワードは紙面にしか残りません。--new を付けると新しい復旧用の鍵を作成し、一度だけ表示します。以前の鍵は `hikae key remove` で削除するまで残ります。',
  },
  arguments: {},
  options: {
    vault: repositoryOption,
    passwordFile: passwordFileOption,
    new: flag({
      en: 'with a new recovery password; only on a terminal or with --kit-file',
      ja: '新しい復旧用パスワードを付けます（端末か --kit-file が必要）',
    }),
    kitFile: kitFileOption,
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae kit print --vault s3 --new',
      text: { en: 'when there is none yet, or the page is lost', ja: 'まだないとき、または紙をなくしたとき' },
    },
    {
      line: 'hikae kit print --vault s3',
      text: { en: 'the page again, without its password', ja: 'パスワードを除いた紙面をもう一度' },
    },
  ],
  async run(context, _arguments, options) {
    return inPolicyOrVault(context, options, async (parts) => {
      if (options.new) {
        await showNewKit(context, options, parts);
      } else {
        const { readKit } = await import('../app/operations.ts');
        await showAgain(context, await readKit({ vault: options.vault }, parts), options.kitFile, parts.zone);
      }
      return {};
    });
  },
});

/** Without a password it may go anywhere. */
async function showAgain(
  context: CommandContext,
  kit: Kit,
  kitFile: string | undefined,
  zone: string,
): Promise<void> {
  if (kitFile === undefined) {
    const { kitPage } = await import('./kit-page.ts');
    await context.results.show(kit, (language) => kitPage(kit, zone, language));
    return;
  }
  const output = await openKitOutput(context, kitFile);
  if (output === undefined) throw cliErrors.CLI_KIT_NOWHERE({});
  try {
    await output.show(kit, zone);
    await context.results.show(kit, (language) => output.note[language]);
  } finally {
    await output.close();
  }
}
