/** `hikae prune`: remove the data that no snapshot needs. */
import type { Amount, PruneEnd } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize, formatSpan, parseDuration } from '../base/quantities.ts';
import { worstOutcome } from '../model/run.ts';
import { countText, describeFailure, formatTable, outcomeTexts } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, vaultsOption } from './look.ts';
import { flag, parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  what: { en: 'what becomes of its packs', ja: 'パックの扱い' },
  packs: { en: 'packs', ja: 'パック数' },
  size: { en: 'size', ja: '容量' },
  kept: { en: 'stay as they are', ja: 'そのまま残す' },
  recovered: { en: '… of these recovered, for they are needed after all', ja: '… うち必要と分かり回復' },
  copied: {
    en: 'are copied as far as they are needed ({size}), and marked',
    ja: '必要な分（{size}）を写して印を付ける',
  },
  marked: { en: 'are marked: nobody needs them', ja: '不要なため印を付ける' },
  waiting: { en: 'were marked before, and wait', ja: '以前に印を付け、猶予期間中' },
  held: { en: 'are locked until {until}: nobody needs them', ja: '不要だが {until} までロック中' },
  heldUntold: {
    en: 'are not needed, and the server does not tell until when they are locked',
    ja: '不要だが、ロックの期日をサーバーが開示しない',
  },
  removed: { en: 'are removed', ja: '削除' },
  plain: {
    en: '{vault}: nothing to do; here removing a snapshot frees its room at once',
    ja: '{vault}: 何もする必要はありません。この保管先では、スナップショットの削除と同時に空きが増えます',
  },
  later: {
    en: 'What is marked is removed by a prune {span} later or after.',
    ja: '印を付けたものは、{span} 以上経ってからの prune で削除されます。',
  },
  hides: {
    en: 'The bucket keeps versions: what is removed is hidden at first, and its room is free when the lifecycle of the bucket takes hidden versions away (`hikae guard` looks at the rule).',
    ja: 'バケットは版を保存するため、削除したものはまず隠されるだけです。空きが増えるのは、ライフサイクルが隠れた版を消したときです（ルールは `hikae guard` で確認できます）。',
  },
  dry: { en: 'nothing was changed: this was a dry run', ja: '何も変更していません（--dry-run）' },
} as const satisfies Record<string, Bilingual>;

/** As with rustic: a backup that began before the mark has ended by then. */
const GRACE = 23 * 3_600_000;

export const pruneCommand = defineCommand({
  name: 'prune',
  summary: {
    en: 'remove the data that no snapshot needs from repositories',
    ja: 'どのスナップショットにも不要なデータをリポジトリーから削除します',
  },
  description: {
    en: 'It takes two runs: the first marks, a later one removes what is still not needed. Of data that is needed in part the needed part is written anew; up to 5 % is left as it is. What the bucket has locked stays until its date, as it is. Nothing is removed while any snapshot can not be read.',
    ja: '2 段階で行います。最初の実行で印を付け、後の実行で、なお不要なものを削除します。一部だけ必要なデータは必要な分を書き直し、5 % までの無駄は残します。バケットがロックしているものは期日までそのまま残します。読めないスナップショットがある間は何も削除しません。',
  },
  arguments: {},
  options: {
    vault: vaultsOption,
    passwordFile: passwordFileOption,
    grace: parsed(
      'DURATION',
      {
        en: 'how long marked data stays (23h when not given; 0s removes at once what nobody needs)',
        ja: '印を付けたデータを残す時間（省略時は 23h。0s なら不要なものを直ちに削除）',
      },
      { parse: parseDuration, expected: '0s, 23h, 7d' },
    ),
    dryRun: flag({
      en: 'show what would be done, and change nothing',
      ja: '何が行われるかを示し、何も変更しません',
    }),
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae prune --dry-run',
      text: { en: 'how much would be freed', ja: 'どれだけ空きが増えるかを示します' },
    },
    {
      line: 'hikae prune --grace 0s',
      text: { en: 'free the room now', ja: '今すぐ空きを増やします' },
    },
  ],
  async run(context, _, { vault, passwordFile, grace = GRACE, dryRun, lockWait: wait }) {
    return inPolicyOrVault(context, { vault, passwordFile, lockWait: wait }, async (parts) => {
      const { planPrune, prune } = await import('../app/operations.ts');
      const request = { vault, grace };
      if (dryRun) {
        const ends = await planPrune(request, parts);
        await context.results.show(ends, (language) =>
          textOf(ends, { grace, zone: parts.zone }, language, true),
        );
        return { outcome: worstOutcome(ends.map(({ outcome }) => outcome)), errors: errorsOf(ends) };
      }
      const result = await prune(request, parts);
      await context.results.show(result, (language) =>
        textOf(result.ends, { grace, zone: parts.zone }, language, false),
      );
      return { outcome: result.outcome, errors: errorsOf(result.ends) };
    });
  },
});

function errorsOf(ends: readonly PruneEnd[]): readonly Error[] {
  return ends.flatMap(({ error }) => error ?? []);
}

function textOf(
  ends: readonly PruneEnd[],
  { grace, zone }: { readonly grace: number; readonly zone: string },
  language: Language,
  dryRun: boolean,
): string {
  const parts = ends.map((end) => endText(end, zone, language, dryRun));
  const marks = ends.some(
    ({ report }) => report !== undefined && report.marked.packs + report.copied.packs > 0,
  );
  if (marks && grace > 0) parts.push(fill(texts.later[language], { span: formatSpan(grace / 1000) }));
  if (ends.some(({ report }) => report?.hides === true && report.removed.packs > 0))
    parts.push(texts.hides[language]);
  if (dryRun) parts.push(texts.dry[language]);
  return parts.join('\n\n');
}

function endText(
  { vault, outcome, report, error }: PruneEnd,
  zone: string,
  language: Language,
  dryRun: boolean,
): string {
  const title = `${vault}: ${outcomeTexts[outcome][language]}`;
  // A run has told the error already.
  if (error !== undefined) return [title, ...(dryRun ? describeFailure(error, language) : [])].join('\n');
  if (report === undefined) return fill(texts.plain[language], { vault });
  const { copied } = report;
  const row = (text: string, { packs, bytes }: Amount) => [text, countText(packs), formatSize(bytes)];
  const rows = (['kept', 'recovered', 'copied', 'marked', 'waiting', 'removed'] as const)
    .filter((key) => key === 'kept' || key === 'removed' || report[key].packs > 0)
    .map((key) => row(fill(texts[key][language], { size: formatSize(copied.neededBytes) }), report[key]));
  for (const { until, ...amount } of report.held) {
    const text =
      until === undefined
        ? texts.heldUntold[language]
        : fill(texts.held[language], { until: shownTime(until, zone) });
    rows.push(row(text, amount));
  }
  const columns = [
    { title: texts.what[language] },
    { title: texts.packs[language], align: 'right' as const },
    { title: texts.size[language], align: 'right' as const },
  ];
  return [title, formatTable(columns, rows)].join('\n');
}
