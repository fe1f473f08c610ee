/** `hikae key list`: who can open a repository. */
import type { Bilingual, Language } from '../base/language.ts';
import { describeFailure, formatTable } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { passwordFileOption, repositoryOption } from './look.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownKey, shownTime } from './shown.ts';

const texts = {
  id: { en: 'key', ja: '鍵' },
  created: { en: 'made', ja: '作成日時' },
  user: { en: 'by', ja: '作成者' },
  host: { en: 'on', ja: 'ホスト' },
  note: { en: 'note', ja: '備考' },
  inUse: { en: 'in use', ja: '使用中' },
  recovery: { en: 'recovery kit', ja: '復旧キット' },
} as const satisfies Record<string, Bilingual>;

export const keyListCommand = defineCommand({
  name: 'key list',
  summary: { en: 'list the keys of a repository', ja: 'リポジトリーの鍵を一覧します' },
  description: {
    en: 'Each key has a password of its own, and each opens all of the repository. The one in use is the one that it was opened with just now.',
    ja: '鍵ごとにパスワードがあり、どの鍵でもリポジトリー全体を開けます。「使用中」は、今開くのに使った鍵です。',
  },
  arguments: {},
  options: { vault: repositoryOption, passwordFile: passwordFileOption },
  examples: [
    {
      line: 'hikae key list --vault s3',
      text: { en: 'who can read what lies in that bucket', ja: 'そのバケットの内容を読める鍵' },
    },
  ],
  async run(context, _arguments, reach) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { listKeys } = await import('../app/operations.ts');
      const list = await listKeys({ vault: reach.vault }, parts);
      await context.results.show(list, (language) => textOf(list, parts.zone, language));
      return {};
    });
  },
});

type Keys = Awaited<ReturnType<typeof import('../app/operations.ts').listKeys>>;

function textOf({ keys, unreadable }: Keys, zone: string, language: Language): string {
  const columns = (['id', 'created', 'user', 'host', 'note'] as const).map((key) => ({
    title: texts[key][language],
  }));
  const rows = keys.map(({ id, created, user, host, inUse, recovery }) => {
    const notes = [...(inUse ? [texts.inUse] : []), ...(recovery ? [texts.recovery] : [])];
    const note = notes.map((text) => text[language]).join(', ');
    return [shownKey(id), shownTime(created, zone), user, host, note];
  });
  const failures = unreadable.flatMap(({ reason }) => describeFailure(reason, language));
  return [formatTable(columns, rows), ...failures].join('\n');
}
