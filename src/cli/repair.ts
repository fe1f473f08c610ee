/** `hikae repair`: mend repositories. */
import type { RepairEnd } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { worstOutcome } from '../model/run.ts';
import { countText, describeFailure, eventText, outcomeTexts } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { cliErrors } from './errors.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, vaultsOption } from './look.ts';
import { flag, parsed, value } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { runUndelete } from './undelete.ts';

const texts = {
  title: { en: '{vault}: {outcome}', ja: '{vault}: {outcome}' },
  plain: {
    en: '{vault}: a plain vault, which hikae does not repair yet',
    ja: '{vault}: plain の保管先です。修復にはまだ対応していません',
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
  sound: { en: '  nothing is damaged', ja: '  損傷はありません' },
  left: {
    en: 'What stays damaged, as it was: no snapshot is ever changed. Name another vault with --from, or take such a file from another date.',
    ja: '直らなかったもの（スナップショットは変更していません）: --from で別の保管先を指定するか、そのファイルを別の日付から取り出してください。',
  },
  marked: {
    en: 'Damaged packs are marked; `hikae prune` removes them.',
    ja: '壊れたパックには印を付けました。`hikae prune` で削除されます。',
  },
  dry: { en: 'nothing was changed: this was a dry run', ja: '何も変更していません（--dry-run）' },
} as const satisfies Record<string, Bilingual>;

export const repairCommand = defineCommand({
  name: 'repair',
  asOf: true,
  summary: {
    en: 'mend repositories, from what is sound in them and from another vault',
    ja: 'リポジトリーを、健全な部分と別の保管先から修復します',
  },
  description: {
    en: 'It reads everything. Indexes are made to name what is there and sound; what damaged packs still have is saved. With --from what is missing comes from another vault of either kind that has the same content. Snapshots are never changed; what stays damaged is named, and the next backup stores it anew if its source still has it.',
    ja: 'すべてを読み直します。インデックスには実在する健全なものだけを載せ、壊れたパックからは無事な部分を救い出します。--from を指定すると、同じ内容を持つ別の保管先（種類は問いません）から不足分を取り戻します。スナップショットは変更しません。直らないものは示し、取得元に残っていれば次のバックアップが保存し直します。',
  },
  arguments: {},
  options: {
    vault: vaultsOption,
    passwordFile: passwordFileOption,
    from: value('VAULT', {
      en: 'bring back from this vault what is missing (a name of the policy, or a path)',
      ja: '不足分を取り戻す保管先（ポリシーの名前かパス）',
    }),
    undelete: flag({
      en: 'of a bucket that keeps versions: lay on top again what was seen at --as-of and was deleted or overwritten since',
      ja: 'バージョンを保持するバケットで、--as-of の時点にあり、その後に削除・上書きされたものを元に戻します',
    }),
    dryRun: flag({
      en: 'show what would be done, and change nothing',
      ja: '何が行われるかを示し、何も変更しません',
    }),
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae repair --vault s3 --from hdd',
      text: { en: 'with what another vault has', ja: '別の保管先にあるもので補います' },
    },
    {
      line: 'hikae repair --vault s3 --undelete --as-of 2026-11-22T15:00:00+09:00',
      text: { en: 'after somebody has deleted what is in the bucket', ja: 'バケットの中身が削除された後に' },
    },
  ],
  async run(context, _, { vault, passwordFile, from, dryRun, undelete, lockWait: wait }) {
    if (undelete) return runUndelete(context, { vault, passwordFile }, { dryRun });
    if (context.asOf !== undefined)
      throw cliErrors.CLI_OPTION_ALONE({ option: '--as-of', other: '--undelete' });
    return inPolicyOrVault(context, { vault, passwordFile, lockWait: wait }, async (parts) => {
      const { planRepair, repair } = await import('../app/operations.ts');
      const request = { vault, from };
      if (dryRun) {
        const ends = await planRepair(request, parts);
        await context.results.show(ends, (language) => textOf(ends, from, language, true));
        return endingOf(ends, worstOutcome(ends.map(({ outcome }) => outcome)));
      }
      const result = await repair(request, parts);
      await context.results.show(result, (language) => textOf(result.ends, from, language, false));
      return endingOf(result.ends, result.outcome);
    });
  },
});

function endingOf(ends: readonly RepairEnd[], outcome: ReturnType<typeof worstOutcome>) {
  const findings = ends.reduce((sum, { report }) => sum + (report?.findings.length ?? 0), 0);
  return { outcome, findings, errors: ends.flatMap(({ error }) => error ?? []) };
}

function textOf(
  ends: readonly RepairEnd[],
  from: string | undefined,
  language: Language,
  dryRun: boolean,
): string {
  const parts = ends.map((end) => endText(end, from ?? '', language, dryRun));
  if (!dryRun && ends.some(({ report }) => (report?.damaged.packs ?? 0) > 0))
    parts.push(texts.marked[language]);
  if (dryRun) parts.push(texts.dry[language]);
  return parts.join('\n\n');
}

function endText(
  { vault, outcome, report, error }: RepairEnd,
  from: string,
  language: Language,
  dryRun: boolean,
): string {
  const say = (key: keyof typeof texts, facts: Parameters<typeof fill>[1]) =>
    fill(texts[key][language], facts);
  const title = say('title', { vault, outcome: outcomeTexts[outcome][language] });
  // A run has told the error already.
  if (error !== undefined) return [title, ...(dryRun ? describeFailure(error, language) : [])].join('\n');
  if (report === undefined) return say('plain', { vault });
  const { read, indexes, found, gone, damaged, saved, fetched, storedAgain, findings } = report;
  const amount = ({ packs = 0, blobs = 0, bytes = 0 }) => ({
    packs: countText(packs),
    blobs: countText(blobs),
    size: formatSize(bytes),
    from,
  });
  const lines = [title, say('read', amount(read))];
  if (indexes > 0) lines.push(say('indexes', { count: countText(indexes) }));
  if (found > 0) lines.push(say('found', { count: countText(found) }));
  if (gone > 0) lines.push(say('gone', { count: countText(gone) }));
  if (damaged.packs > 0) lines.push(say('damaged', amount(damaged)));
  if (saved.blobs > 0) lines.push(say('saved', amount(saved)));
  if (fetched.blobs > 0) lines.push(say('fetched', amount(fetched)));
  if (storedAgain.length > 0) lines.push(say('storedAgain', { from, places: storedAgain }));
  if (lines.length === 2 && findings.length === 0) lines.push(texts.sound[language]);
  if (findings.length === 0) return lines.join('\n');
  const named = findings.map((finding) => `- ${eventText({ type: 'finding', vault, finding }, language)}`);
  return [...lines, '', ...named, '', texts.left[language]].join('\n');
}
