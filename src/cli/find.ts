/** `hikae find`: in which snapshots a file is, and in which versions. */
import type { FindResult } from '../app/operations.ts';
import { goQuote } from '../base/go-quoting.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, formatTable } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { lockOptions, lookOptions, passwordFileOption, vaultsOption } from './look.ts';
import { nodeView } from './node-view.ts';
import { one, value } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownNodeTime } from './shown.ts';

const texts = {
  path: { en: 'path', ja: 'パス' },
  size: { en: 'size', ja: 'サイズ' },
  time: { en: 'modified', ja: '更新日時' },
  vault: { en: 'vault', ja: '保管先' },
  first: { en: 'first in', ja: '最初のスナップショット' },
  last: { en: 'last in', ja: '最後のスナップショット' },
  count: { en: 'snapshots', ja: '件数' },
  none: {
    en: 'nothing matches {pattern} in {searched} snapshots',
    ja: '{searched} 件のスナップショットに {pattern} に一致するものはありません',
  },
} as const satisfies Record<string, Bilingual>;

export const findCommand = defineCommand({
  name: 'find',
  summary: {
    en: 'find files in all snapshots, each version once',
    ja: '全スナップショットからファイルを探し、版ごとに 1 行で示します',
  },
  description: {
    en: 'The pattern is written as `exclude` in the policy: `*` for any characters but a slash, `**` for any folders; without a slash it means a name at any depth, with one it is anchored where the component begins.',
    ja: 'パターンの書き方はポリシーの `exclude` と同じです。`*` はスラッシュ以外の任意の文字、`**` は任意のフォルダー。スラッシュがなければ任意の深さの名前、あればコンポーネントの先頭からのパスを表します。',
  },
  reads: true,
  arguments: { pattern: one('PATTERN', { en: 'what to look for', ja: '探すパターン' }) },
  options: {
    target: value('TARGET', { en: 'only in this target', ja: 'このターゲットだけ' }),
    vault: vaultsOption,
    passwordFile: passwordFileOption,
    ...lockOptions,
  },
  examples: [
    {
      line: "hikae find '*.pem' --target mail",
      text: { en: 'every certificate that `mail` ever had', ja: '`mail` にあったすべての証明書' },
    },
    {
      line: "hikae find '/example.org/**/dovecot.conf'",
      text: { en: 'anchored where the component begins', ja: 'コンポーネントの先頭から指定します' },
    },
  ],
  async run(context, { pattern }, { target, ...reach }) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { findVersions } = await import('../app/operations.ts');
      const result = await findVersions(
        { pattern, target, ...lookOptions(context, reach.vault, parts) },
        parts,
      );
      await context.results.show(viewOf(result), (language) => textOf(result, pattern, language));
      return { outcome: result.outcome };
    });
  },
});

function viewOf({ outcome, searched, versions }: FindResult) {
  return {
    outcome,
    searched,
    versions: versions.map(({ vault, target, node, first, last, snapshots }) => ({
      vault,
      target,
      node: nodeView(node, first.header.zone),
      first: first.place,
      last: last.place,
      snapshots,
    })),
  };
}

function textOf({ searched, versions }: FindResult, pattern: string, language: Language): string {
  if (versions.length === 0) return fill(texts.none[language], { pattern, searched });
  const columns = [
    { title: texts.path[language] },
    { title: texts.size[language], align: 'right' as const },
    { title: texts.time[language] },
    { title: texts.vault[language] },
    { title: texts.first[language] },
    { title: texts.last[language] },
    { title: texts.count[language], align: 'right' as const },
  ];
  const rows = versions.map(({ vault, node, first, last, snapshots }) => [
    goQuote(node.path),
    node.type === 'file' ? formatSize(node.size) : node.type,
    shownNodeTime(node.mtime, first.header.zone),
    vault,
    first.place,
    last.place,
    countText(snapshots),
  ]);
  return formatTable(columns, rows);
}
