/** `hikae diff`: what changed from one snapshot to another. */
import type { Change, DiffedSnapshots, Difference } from '../app/operations.ts';
import { goQuote } from '../base/go-quoting.ts';
import type { Bilingual, Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import type { Node } from '../model/node.ts';
import { countText, formatTable } from '../report/report.ts';
import { defineCommand } from './command.ts';
import type { CommandContext } from './context.ts';
import { lockOptions, lookOptions, passwordFileOption, snapshotArgument, vaultOption } from './look.ts';
import { nodeView } from './node-view.ts';
import { inPolicyOrVault } from './parts.ts';
import { chosenText } from './shown.ts';
import { streamList } from './stream-list.ts';

const texts = {
  entries: { en: 'entries', ja: '項目数' },
  size: { en: 'size', ja: 'サイズ' },
} as const satisfies Record<string, Bilingual>;

const kindTexts = {
  added: { en: 'added', ja: '追加' },
  removed: { en: 'removed', ja: '削除' },
  changed: { en: 'changed', ja: '変更' },
  unchanged: { en: 'unchanged', ja: '変更なし' },
} as const satisfies Record<string, Bilingual>;

const differenceTexts: Readonly<Record<Difference, Bilingual>> = {
  type: { en: 'type', ja: '種類' },
  content: { en: 'content', ja: '内容' },
  mode: { en: 'mode', ja: 'モード' },
  owner: { en: 'owner', ja: '所有者' },
  mtime: { en: 'time', ja: '更新日時' },
  target: { en: 'target of the link', ja: 'リンク先' },
  xattrs: { en: 'extended attributes', ja: '拡張属性' },
  hardlink: { en: 'hard links', ja: 'ハードリンク' },
};

export const diffCommand = defineCommand({
  name: 'diff',
  summary: {
    en: 'tell what changed from one snapshot to another',
    ja: '2 つのスナップショットの違いを示します',
  },
  reads: true,
  arguments: { before: snapshotArgument, after: snapshotArgument },
  options: { vault: vaultOption, passwordFile: passwordFileOption, ...lockOptions },
  examples: [
    {
      line: 'hikae diff mail/2026-11-21 mail/2026-11-22',
      text: { en: 'what a day has changed', ja: '1 日の間に変わったもの' },
    },
  ],
  async run(context, { before, after }, reach) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { diffSnapshots, parseSnapshotSpec } = await import('../app/operations.ts');
      const specs = { before: parseSnapshotSpec(before), after: parseSnapshotSpec(after) };
      const request = { ...specs, ...lookOptions(context, reach.vault, parts) };
      await diffSnapshots(request, parts, (diffed) => show(context, diffed));
      return {};
    });
  },
});

async function show(
  context: CommandContext,
  { before, after, changes, summary }: DiffedSnapshots,
): Promise<void> {
  const side = ({ opened, entry }: DiffedSnapshots['before']) => ({ vault: opened.name, snapshot: entry });
  const zones = { before: before.entry.header.zone, after: after.entry.header.zone };
  await streamList(context, {
    head: { before: side(before), after: side(after) },
    name: 'changes',
    items: changes,
    json: (change) => changeView(change, zones),
    tail: () => ({ summary: summary() }),
    headText: (language) =>
      [`--- ${chosenText(before, language)}`, `+++ ${chosenText(after, language)}`].join('\n'),
    itemText: changeLine,
    tailText: (language) => `\n${summaryText(summary(), language)}`,
  });
}

function changeView(change: Change, zones: { readonly before: string; readonly after: string }) {
  const { kind } = change;
  const sides = {
    ...('before' in change ? { before: nodeView(change.before, zones.before) } : {}),
    ...('after' in change ? { after: nodeView(change.after, zones.after) } : {}),
  };
  const differences = 'differences' in change ? { differences: change.differences } : {};
  return { kind, path: goQuote(nodeOf(change).path), ...differences, ...sides };
}

function nodeOf(change: Change): Node {
  return change.kind === 'removed' ? change.before : change.after;
}

const signs = { added: '+', removed: '-', changed: '~' } as const;

function changeLine(change: Change, language: Language): string {
  const node = nodeOf(change);
  const size = node.type === 'file' ? [formatSize(node.size)] : [];
  const differences = 'differences' in change ? change.differences : [];
  const told = [...differences.map((difference) => differenceTexts[difference][language]), ...size];
  const path = node.type === 'dir' ? `${goQuote(node.path)}/` : goQuote(node.path);
  return `${signs[change.kind]} ${path}${told.length === 0 ? '' : `  (${told.join(', ')})`}`;
}

function summaryText(summary: ReturnType<DiffedSnapshots['summary']>, language: Language): string {
  const columns = [
    { title: '' },
    { title: texts.entries[language], align: 'right' as const },
    { title: texts.size[language], align: 'right' as const },
  ];
  const rows = (['added', 'removed', 'changed', 'unchanged'] as const).map((kind) => [
    kindTexts[kind][language],
    countText(summary[kind].nodes),
    formatSize(summary[kind].bytes),
  ]);
  return formatTable(columns, rows);
}
