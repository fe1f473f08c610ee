/** How the result of `hikae backup --dry-run` is shown. */
import type { BackupPreview } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, describeFailure, formatTable } from '../report/report.ts';
import { lockLines } from './locks-shown.ts';

const texts = {
  target: {
    en: '{target} → {vault} ({schedule})',
    ja: '{target} → {vault}（{schedule}）',
  },
  creates: { en: 'the vault would be made', ja: '保管先を新しく作成します' },
  from: {
    en: 'made of {from}, without reading the sources',
    ja: '{from} から作成します（取得元は読みません）',
  },
  copies: {
    en: 'then copied to {copyTo}, with earlier ones that are missing there (`hikae copy --dry-run` lists those)',
    ja: 'その後 {copyTo} へ、そこに不足している以前のものとともに複製します（一覧は `hikae copy --dry-run`）',
  },
  component: { en: 'component', ja: 'コンポーネント' },
  entries: { en: 'entries', ja: '項目数' },
  unchanged: { en: 'unchanged', ja: '変更なし' },
  size: { en: 'size', ja: 'サイズ' },
  added: { en: 'to store', ja: '保存する量' },
} as const satisfies Record<string, Bilingual>;

export function previewText(previews: readonly BackupPreview[], language: Language): string {
  return previews.map((preview) => targetText(preview, language)).join('\n\n');
}

function targetText(
  {
    target,
    vault,
    schedule,
    creates,
    unreachable,
    from,
    copyTo,
    components,
    locks,
    copyLocks,
  }: BackupPreview,
  language: Language,
): string {
  const lines = [fill(texts.target[language], { target, vault, schedule })];
  if (unreachable !== undefined) lines.push(...describeFailure(unreachable, language));
  if (creates) lines.push(texts.creates[language]);
  const copies = copyTo.length === 0 ? [] : [fill(texts.copies[language], { copyTo })];
  const locking = locks === undefined ? [] : [...lockLines(vault, locks, language)];
  for (const { vault: to, forecast } of copyLocks) locking.push(...lockLines(to, forecast, language));
  if (from !== undefined)
    return [...lines, fill(texts.from[language], { from }), ...copies, ...locking].join('\n');
  const columns = [
    { title: texts.component[language] },
    ...(['entries', 'unchanged', 'size', 'added'] as const).map((key) => ({
      title: texts[key][language],
      align: 'right' as const,
    })),
  ];
  const rows = components.map(({ name, nodes, unchanged, bytes, newBytes }) => [
    name,
    countText(nodes),
    countText(unchanged),
    formatSize(bytes),
    formatSize(newBytes),
  ]);
  const failures = components.flatMap(({ error }) =>
    error === undefined ? [] : describeFailure(error, language),
  );
  return [...lines, formatTable(columns, rows), ...copies, ...locking, ...failures].join('\n');
}
