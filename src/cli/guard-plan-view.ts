/** The plan of `hikae guard --apply`, as it is shown before anything is done. */
import type { AppliedGuard, GuardPlan, Step, Wanted } from '../app/guard.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, describeFailure } from '../report/report.ts';

const texts = {
  title: { en: '{vault} (bucket {bucket}):', ja: '{vault}（バケット {bucket}）:' },
  nothing: { en: '  nothing has to be changed', ja: '  変更は必要ありません' },
  removed: { en: '      removed: {names}', ja: '      削除: {names}' },
  added: { en: '      set: {names}', ja: '      設定: {names}' },
  kept: { en: '      left as they are: {names}', ja: '      そのまま: {names}' },
  forGood: { en: ' [can not be undone]', ja: '［取り消せません］' },
  price: {
    en: '      The vault holds {size} in {count} objects. To keep as much for {days} days costs about {dollars} USD{money} in Tokyo; nobody can end that earlier.',
    ja: '      この保管先は {size}（{count} オブジェクト）です。同じ量を {days} 日間保持する費用は東京リージョンで約 {dollars} ドル{money}で、途中でやめることはできません。',
  },
  money: { en: ' ({amount} {currency})', ja: '（{amount} {currency}）' },
  left: { en: '  for you to mend: {what}', ja: '  手作業で対処: {what}' },
  unknown: {
    en: '  could not be asked and is not touched: {aspect} ({reason})',
    ja: '  確認できないため変更しません: {aspect}（{reason}）',
  },
  done: { en: '{vault}: {count} changes made', ja: '{vault}: {count} 件を変更しました' },
  dry: { en: 'nothing was changed: this was a dry run', ja: '何も変更していません（--dry-run）' },
} as const satisfies Record<string, Bilingual>;

const stepTexts: Readonly<Record<Step['kind'], Bilingual>> = {
  'create-bucket': {
    en: 'make the bucket in {region}, with Object Lock and versioning',
    ja: 'バケットを {region} に作成（オブジェクトロックとバージョニングを有効化）',
  },
  versioning: { en: 'switch versioning on', ja: 'バージョニングを有効にする' },
  lock: {
    en: 'switch Object Lock on; lock for {days} days ({mode}) by default',
    ja: 'オブジェクトロックを有効にし、デフォルトで {days} 日間（{mode}）保持する',
  },
  encryption: {
    en: 'encrypt with AES-256 by default, and refuse SSE-C',
    ja: 'デフォルトで AES-256 で暗号化し、SSE-C を拒否する',
  },
  'public-access': { en: 'block all public access', ja: 'パブリックアクセスをすべてブロックする' },
  policy: { en: 'write the bucket policy', ja: 'バケットポリシーを書き込む' },
  lifecycle: { en: 'write the lifecycle rules', ja: 'ライフサイクルルールを書き込む' },
};

export interface PlanWords {
  readonly spell: typeof import('../app/guard.ts').spellFinding;
  readonly isIrreversible: (step: Step) => boolean;
  /** US dollars of so many bytes in a month */
  readonly month: (bytes: number) => number;
  readonly cost: { readonly rate: number; readonly currency: string } | undefined;
}

export function planText(
  { wanted, plan }: { readonly wanted: Wanted; readonly plan: GuardPlan },
  words: PlanWords,
  language: Language,
): string {
  const { vault, bucket } = wanted;
  const lines = plan.steps.flatMap((step, index) => [
    `  ${index + 1}. ${stepText(step, wanted, language)}${words.isIrreversible(step) ? texts.forGood[language] : ''}`,
    ...detailLines(step, plan, words, language),
  ]);
  return [
    fill(texts.title[language], { vault, bucket }),
    ...(lines.length === 0 ? [texts.nothing[language]] : lines),
    ...plan.left.map((one) => fill(texts.left[language], { what: words.spell(one, language).what })),
    ...plan.unknown.map(({ aspect, reason = '' }) => fill(texts.unknown[language], { aspect, reason })),
  ].join('\n');
}

function stepText(step: Step, { region }: Wanted, language: Language): string {
  const facts = step.kind === 'lock' ? { days: step.lock.days, mode: step.lock.mode } : { region };
  return fill(stepTexts[step.kind][language], facts);
}

function detailLines(step: Step, plan: GuardPlan, words: PlanWords, language: Language): readonly string[] {
  const named = (key: 'removed' | 'added' | 'kept', names: readonly string[]) =>
    names.length === 0 ? [] : [fill(texts[key][language], { names })];
  switch (step.kind) {
    case 'lock':
      return plan.contents === undefined ? [] : [priceLine(step.lock.days, plan.contents, words, language)];
    case 'policy':
      return [...named('added', step.added), ...named('kept', step.kept)];
    case 'lifecycle':
      return [...named('removed', step.removed), ...named('added', step.added), ...named('kept', step.kept)];
    default:
      return [];
  }
}

function priceLine(
  days: number,
  { bytes, objects }: NonNullable<GuardPlan['contents']>,
  { month, cost }: PlanWords,
  language: Language,
): string {
  const dollars = (month(bytes) * days) / 30;
  const money =
    cost === undefined
      ? ''
      : fill(texts.money[language], {
          amount: (dollars * cost.rate).toFixed(1),
          currency: cost.currency,
        });
  return fill(texts.price[language], {
    size: formatSize(bytes),
    count: countText(objects),
    days,
    dollars: dollars.toFixed(2),
    money,
  });
}

/** How it ended; the plans were shown before. */
export function appliedText(applied: readonly AppliedGuard[], dryRun: boolean, language: Language): string {
  const lines = applied.flatMap(({ vault, done, error }) => [
    ...(dryRun ? [] : [fill(texts.done[language], { vault, count: done.length })]),
    ...(error === undefined ? [] : describeFailure(error, language)),
  ]);
  return [...lines, ...(dryRun ? [texts.dry[language]] : [])].join('\n');
}
