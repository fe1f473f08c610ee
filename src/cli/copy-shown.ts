/** How copies are shown: those that were made, and those that would be. */
import type { CopyEnd, PlannedCopy } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, describeFailure, formatTable, outcomeTexts } from '../report/report.ts';
import { lockLines } from './locks-shown.ts';
import { shownTime } from './shown.ts';

const texts = {
  target: { en: 'target', ja: 'ターゲット' },
  way: { en: 'from → to', ja: '複製元 → 複製先' },
  outcome: { en: 'outcome', ja: '結果' },
  copied: { en: 'copied', ja: '複製' },
  size: { en: 'size', ja: 'サイズ' },
  sent: { en: 'sent', ja: '送信' },
  saved: { en: 'saved', ja: '省略' },
  missing: { en: 'missing', ja: '未複製' },
  plan: { en: '{target}: {from} → {vault}', ja: '{target}: {from} → {vault}' },
  creates: { en: 'the vault would be made', ja: '保管先を新しく作成します' },
  nothing: { en: '  nothing is missing there', ja: '  不足しているものはありません' },
  place: { en: 'snapshot', ja: 'スナップショット' },
  time: { en: 'taken', ja: '取得日時' },
  toSend: { en: 'to send (estimate)', ja: '送信量（見積もり）' },
  foreign: {
    en: 'not copied: what another program has put into {from} ({count} snapshots), which no target owns and no retention lets go; `restic copy` brings it to another repository',
    ja: '{from} には他のプログラムが取得したスナップショットが {count} 件ありますが、複製しません。どのターゲットにも属さず、保持ルールの対象にならないためです。`restic copy` で別のリポジトリーへ複製できます。',
  },
  incomplete: { en: '{place} (incomplete)', ja: '{place}（不完全）' },
} as const satisfies Record<string, Bilingual>;

export function copiesText(ends: readonly CopyEnd[], language: Language): string {
  const columns = [
    ...(['target', 'way', 'outcome'] as const).map((key) => ({ title: texts[key][language] })),
    ...(['copied', 'size', 'sent', 'saved', 'missing'] as const).map((key) => ({
      title: texts[key][language],
      align: 'right' as const,
    })),
  ];
  const rows = ends.map(({ target, from, vault, outcome, copied, missing }) => {
    const bytes = copied.reduce((sum, one) => sum + one.bytes, 0);
    const sent = copied.reduce((sum, one) => sum + one.newBytes, 0);
    return [
      target,
      `${from} → ${vault}`,
      outcomeTexts[outcome][language],
      countText(copied.length),
      formatSize(bytes),
      formatSize(sent),
      formatSize(Math.max(0, bytes - sent)),
      countText(missing.length),
    ];
  });
  return formatTable(columns, rows);
}

export function plannedText(plans: readonly PlannedCopy[], language: Language): string {
  return plans.map((plan) => planText(plan, language)).join('\n\n');
}

/** What stays in a vault because it is of no target; nothing where there is no such thing. All copies are from the same vault. */
export function foreignText(
  copies: readonly { readonly from: string; readonly foreign: number }[],
  language: Language,
): string {
  const [{ from } = { from: '' }] = copies;
  const most = Math.max(0, ...copies.map(({ foreign }) => foreign));
  return most === 0 ? '' : `\n\n${fill(texts.foreign[language], { count: countText(most), from })}`;
}

function planText(
  { target, from, vault, creates, snapshots, locks, error }: PlannedCopy,
  language: Language,
): string {
  const lines = [fill(texts.plan[language], { target, from, vault })];
  if (creates) lines.push(texts.creates[language]);
  if (error !== undefined) return [...lines, ...describeFailure(error, language)].join('\n');
  if (snapshots.length === 0) return [...lines, texts.nothing[language]].join('\n');
  const columns = [
    ...(['place', 'time'] as const).map((key) => ({ title: texts[key][language] })),
    ...(['size', 'toSend'] as const).map((key) => ({ title: texts[key][language], align: 'right' as const })),
  ];
  const rows = snapshots.map(({ snapshot: { place, header, complete }, bytes, newBytes }) => [
    complete ? place : fill(texts.incomplete[language], { place }),
    shownTime(header.time, header.zone),
    formatSize(bytes),
    formatSize(newBytes),
  ]);
  const locking = locks === undefined ? [] : lockLines(vault, locks, language);
  return [...lines, formatTable(columns, rows), ...locking].join('\n');
}
