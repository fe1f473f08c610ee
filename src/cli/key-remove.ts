/** `hikae key remove`: take a password away. */
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, repositoryOption } from './look.ts';
import { one, parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownKey } from './shown.ts';

const texts = {
  removed: { en: 'the key {key} of {vault} was removed', ja: '{vault} の鍵 {key} を削除しました' },
} as const satisfies Record<string, Bilingual>;

export const keyRemoveCommand = defineCommand({
  name: 'key remove',
  summary: { en: 'remove a key of a repository', ja: 'リポジトリーの鍵を削除します' },
  description: {
    en: 'Its password opens the repository no more. The key in use is not removed, nor the last one. Whoever had the password and a copy of the key file can read the data with it for ever.',
    ja: 'その鍵のパスワードでは開けなくなります。使用中の鍵と最後の鍵は削除しません。パスワードと鍵ファイルの写しを持つ人は、今後もデータを読めます。',
  },
  arguments: {
    id: one('KEY', {
      en: 'the first digits of its id, as `hikae key list` shows it',
      ja: '鍵の ID（`hikae key list` に出るもの。先頭の数桁で構いません）',
    }),
  },
  options: {
    vault: repositoryOption,
    passwordFile: passwordFileOption,
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae key remove 1a2b3c4d --vault s3',
      text: { en: 'after somebody who knew a password has left', ja: 'パスワードを知る人が離れた後に' },
    },
  ],
  async run(context, { id }, reach) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { removeKey } = await import('../app/operations.ts');
      const result = await removeKey({ vault: reach.vault, id }, parts);
      await context.results.show(result, (language) =>
        fill(texts.removed[language], { vault: result.vault, key: shownKey(result.id) }),
      );
      return {};
    });
  },
});
