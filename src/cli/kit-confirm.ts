/** `hikae kit confirm`: a person says that the recovery kit lies where it is needed. */
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { repositoryOption } from './look.ts';
import { inPolicy } from './parts.ts';
import { shownKey } from './shown.ts';

const texts = {
  confirmed: {
    en: 'recorded: the page of the recovery key {key} of {vault} lies away from this machine',
    ja: '{vault} の復旧用の鍵 {key} の紙面を、このマシンとは別の場所に保管済みとして記録しました',
  },
} as const satisfies Record<string, Bilingual>;

export const kitConfirmCommand = defineCommand({
  name: 'kit confirm',
  summary: {
    en: 'say that the recovery kit lies away from this machine',
    ja: '復旧キットを別の場所に保管したことを記録します',
  },
  description: {
    en: 'It is meant for the page with the newest recovery key; its key is named in the answer, so that it can be compared. Until then every backup and `hikae vault list` ask for it.',
    ja: '最新の復旧用の鍵の紙面についての記録です。結果に表示される鍵を、紙面のものと見比べてください。記録するまで、バックアップと `hikae vault list` のたびに促します。',
  },
  arguments: {},
  options: { vault: repositoryOption },
  examples: [
    {
      line: 'hikae kit confirm --vault s3',
      text: { en: 'the page is in the safe', ja: '紙を金庫に入れた後に' },
    },
  ],
  async run(context, _arguments, reach) {
    return inPolicy(
      context,
      async (parts) => {
        const { confirmKit } = await import('../app/operations.ts');
        const result = await confirmKit(reach, parts);
        await context.results.show(result, (language) =>
          fill(texts.confirmed[language], { vault: result.vault, key: shownKey(result.key) }),
        );
        return {};
      },
      reach,
    );
  },
});
