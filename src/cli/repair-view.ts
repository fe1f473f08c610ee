/** What a repair has done, or would do, for people. */
import type { RepairEnd } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, describeFailure, eventText, outcomeTexts } from '../report/report.ts';

type Report = NonNullable<RepairEnd['report']>;
type TreeReport = Extract<Report, { readonly restored: unknown }>;
type PackReport = Exclude<Report, TreeReport>;
type Say = (key: keyof typeof texts, facts: Parameters<typeof fill>[1]) => string;

const texts = {
  title: { en: '{vault}: {outcome}', ja: '{vault}: {outcome}' },
  elsewhere: {
    en: '{vault}: a plain vault on another machine, which hikae does not repair yet',
    ja: '{vault}: 別のマシンにある plain の保管先です。修復にはまだ対応していません',
  },
  read: { en: '  read back: {packs} packs, {size}', ja: '  読み直し: パック {packs} 個、{size}' },
  indexes: {
    en: '  index files that can not be read, and are written anew: {count}',
    ja: '  読めないため書き直すインデックス: {count} 個',
  },
  found: {
    en: '  packs that no index named, and are named again: {count}',
    ja: '  どのインデックスにもなく、載せ直すパック: {count} 個',
  },
  gone: {
    en: '  packs that are gone, and are named no more: {count}',
    ja: '  失われたため、インデックスから除くパック: {count} 個',
  },
  damaged: { en: '  damaged packs: {packs}, {size}', ja: '  壊れたパック: {packs} 個、{size}' },
  saved: {
    en: '  saved from damaged packs: {blobs} blobs, {size}',
    ja: '  壊れたパックから救い出した blob: {blobs} 個、{size}',
  },
  fetched: {
    en: '  brought back from {from}: {blobs} blobs, {size}',
    ja: '  {from} から取り戻した blob: {blobs} 個、{size}',
  },
  storedAgain: {
    en: '  stored once more from {from} for what is missing: {places}',
    ja: '  足りないものを補うため {from} から保存し直すもの: {places}',
  },
  checked: {
    en: '  read back: {snapshots} snapshots, {files} files, {size}',
    ja: '  読み直し: スナップショット {snapshots} 個、ファイル {files} 個、{size}',
  },
  restored: {
    en: '  put right in snapshots: {entries} files, folders and symlinks, {size}',
    ja: '  スナップショットの中で直したもの: ファイル、フォルダー、シンボリックリンク合わせて {entries} 個、{size}',
  },
  taken: {
    en: '  with contents from {from}: {entries} of them, {size}',
    ja: '  そのうち {from} の内容を使ったもの: {entries} 個、{size}',
  },
  records: {
    en: '  manifests and lists of hashes written anew: {places}',
    ja: '  書き直したマニフェストとハッシュ一覧: {places}',
  },
  sound: { en: '  nothing is damaged', ja: '  損傷はありません' },
  left: {
    en: 'What stays damaged, and is as it was. Name another vault with --from, or take such a file from another date.',
    ja: '直らなかったもの（元のままです）: --from で別の保管先を指定するか、そのファイルを別の日付から取り出してください。',
  },
  marked: {
    en: 'Damaged packs are marked; `hikae prune` removes them.',
    ja: '壊れたパックには印を付けました。`hikae prune` で削除されます。',
  },
  dry: { en: 'nothing was changed: this was a dry run', ja: '何も変更していません（--dry-run）' },
} as const satisfies Record<string, Bilingual>;

export function repairText(
  ends: readonly RepairEnd[],
  from: string | undefined,
  language: Language,
  dryRun: boolean,
): string {
  const parts = ends.map((end) => endText(end, from ?? '', language, dryRun));
  const hasMarked = ends.some(({ report }) => report && !isOfTrees(report) && report.damaged.packs > 0);
  if (!dryRun && hasMarked) parts.push(texts.marked[language]);
  if (dryRun) parts.push(texts.dry[language]);
  return parts.join('\n\n');
}

function endText(
  { vault, outcome, report, error }: RepairEnd,
  from: string,
  language: Language,
  dryRun: boolean,
): string {
  const say: Say = (key, facts) => fill(texts[key][language], facts);
  const title = say('title', { vault, outcome: outcomeTexts[outcome][language] });
  // A run has told the error already.
  if (error !== undefined) return [title, ...(dryRun ? describeFailure(error, language) : [])].join('\n');
  if (report === undefined) return say('elsewhere', { vault });
  const { findings } = report;
  const [read, ...done] = isOfTrees(report) ? treeLines(report, from, say) : packLines(report, from, say);
  const isSound = done.length + findings.length === 0;
  const lines = [title, read, ...(isSound ? [texts.sound[language]] : done)];
  if (findings.length === 0) return lines.join('\n');
  const named = findings.map((finding) => `- ${eventText({ type: 'finding', vault, finding }, language)}`);
  return [...lines, '', ...named, '', texts.left[language]].join('\n');
}

function isOfTrees(report: Report): report is TreeReport {
  return 'restored' in report;
}

function packLines(
  { read, indexes, found, gone, damaged, saved, fetched, storedAgain }: PackReport,
  from: string,
  say: Say,
): string[] {
  const amount = ({ packs = 0, blobs = 0, bytes = 0 }) => ({
    packs: countText(packs),
    blobs: countText(blobs),
    size: formatSize(bytes),
    from,
  });
  const lines = [say('read', amount(read))];
  if (indexes > 0) lines.push(say('indexes', { count: countText(indexes) }));
  if (found > 0) lines.push(say('found', { count: countText(found) }));
  if (gone > 0) lines.push(say('gone', { count: countText(gone) }));
  if (damaged.packs > 0) lines.push(say('damaged', amount(damaged)));
  if (saved.blobs > 0) lines.push(say('saved', amount(saved)));
  if (fetched.blobs > 0) lines.push(say('fetched', amount(fetched)));
  if (storedAgain.length > 0) lines.push(say('storedAgain', { from, places: storedAgain }));
  return lines;
}

function treeLines({ checked, restored, fetched, records }: TreeReport, from: string, say: Say): string[] {
  const { snapshots, files, bytes } = checked;
  const amount = (of: typeof restored) => ({
    entries: countText(of.entries),
    size: formatSize(of.bytes),
    from,
  });
  const lines = [
    say('checked', { snapshots: countText(snapshots), files: countText(files), size: formatSize(bytes) }),
  ];
  if (records.length > 0) lines.push(say('records', { places: records }));
  if (restored.entries > 0) lines.push(say('restored', amount(restored)));
  if (fetched.entries > 0) lines.push(say('taken', amount(fetched)));
  return lines;
}
