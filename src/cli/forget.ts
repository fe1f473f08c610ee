/** `hikae forget`: remove the snapshots that retention no longer keeps. */
import type { ForgetEnd, ForgetPlan } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import type { Mark, RetentionReason } from '../policy/policy.ts';
import { countText, describeFailure, formatTable, outcomeTexts } from '../report/report.ts';
import { defineCommand } from './command.ts';
import type { Ending } from './exit-codes.ts';
import { lockWait } from './lock-wait.ts';
import { flag, many, parsed, value } from './options.ts';
import { inPolicy } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  plan: { en: '{target} in {vault}:', ja: '{vault} の {target}:' },
  none: { en: '  no snapshots', ja: '  スナップショットはありません' },
  place: { en: 'place', ja: '場所' },
  time: { en: 'taken', ja: '取得日時' },
  complete: { en: 'complete', ja: '完全' },
  yes: { en: 'yes', ja: 'はい' },
  no: { en: 'no', ja: 'いいえ' },
  mark: { en: 'mark', ja: '判定' },
  reason: { en: 'reason', ja: '理由' },
  nothing: { en: 'nothing was removed: this was a dry run', ja: '何も削除していません（--dry-run）' },
  vault: { en: 'vault', ja: '保管先' },
  target: { en: 'target', ja: 'ターゲット' },
  outcome: { en: 'outcome', ja: '結果' },
  removed: { en: 'removed', ja: '削除' },
  left: { en: 'left', ja: '残り' },
  prune: {
    en: 'Repositories keep the data of what was removed until `hikae prune`; `hikae prune --dry-run` tells how much that is.',
    ja: 'リポジトリーでは、削除したスナップショットのデータは `hikae prune` まで残ります。その量は `hikae prune --dry-run` で分かります。',
  },
} as const satisfies Record<string, Bilingual>;

const markTexts: Readonly<Record<Mark, Bilingual>> = {
  keep: { en: 'keep', ja: '保持' },
  protected: { en: 'protected', ja: '保護' },
  frozen: { en: 'frozen', ja: '凍結' },
  remove: { en: 'remove', ja: '削除' },
};

export const forgetCommand = defineCommand({
  name: 'forget',
  summary: {
    en: 'remove the snapshots that retention no longer keeps',
    ja: '保持期間を過ぎたスナップショットを削除します',
  },
  description: {
    en: 'A backup does this by itself. It never removes the last complete one, a protected one, or one of today; and, without --yes, no more than were added since the last removal, plus one.',
    ja: 'バックアップの際にも自動で行われます。最後の完全なもの、保護されたもの、今日のものは決して削除しません。--yes がなければ、前回の削除以降に増えた数に 1 を足した数までしか削除しません。',
  },
  arguments: {
    targets: many('TARGET', {
      en: 'the targets (all of the policy when not given)',
      ja: '対象のターゲット（省略時はポリシーのすべて）',
    }),
  },
  options: {
    vault: value('VAULT', {
      en: 'only this vault of the policy',
      ja: 'ポリシーのこの保管先だけ',
    }),
    dryRun: flag({
      en: 'show every snapshot with its mark and the reason, and remove nothing',
      ja: '各スナップショットの判定と理由を示し、何も削除しません',
    }),
    yes: flag({
      en: 'remove also more than were added since the last removal',
      ja: '前回の削除以降に増えた数を超えても削除します',
    }),
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae forget --dry-run',
      text: { en: 'what would go, and why', ja: '何がなぜ削除されるかを示します' },
    },
  ],
  async run(context, { targets }, { vault, dryRun, yes, ...reach }) {
    const request = { targets, yes, ...(vault === undefined ? {} : { vault }) };
    return inPolicy(
      context,
      async (parts) => {
        const { forget, planForgets } = await import('../app/operations.ts');
        if (dryRun) {
          const { reasonText } = await import('../policy/policy.ts');
          const plans = await planForgets(request, parts);
          await context.results.show(plans, (language) =>
            [...plans.map((plan) => planText(plan, language, reasonText)), texts.nothing[language]].join(
              '\n\n',
            ),
          );
          return endOf(plans);
        }
        const result = await forget(request, parts);
        await context.results.show(result, (language) => resultText(result.ends, language));
        return endOf(result.ends);
      },
      reach,
    );
  },
});

/** A dry run ends as the run will. */
function endOf(ends: readonly { readonly error?: Error }[]): Ending {
  const errors = ends.flatMap(({ error }) => error ?? []);
  return { outcome: errors.length === 0 ? 'succeeded' : 'failed', errors };
}

function planText(
  { target, vault, marked, error }: ForgetPlan,
  language: Language,
  reasonText: (reason: RetentionReason, language: Language) => string,
): string {
  const title = fill(texts.plan[language], { target, vault });
  const refusal = error === undefined ? [] : describeFailure(error, language);
  if (marked.length === 0)
    return [title, ...(error === undefined ? [texts.none[language]] : refusal)].join('\n');
  const columns = (['place', 'time', 'complete', 'mark', 'reason'] as const).map((key) => ({
    title: texts[key][language],
  }));
  const rows = marked.map(({ snapshot: { place, header, complete }, mark, reason }) => [
    place,
    shownTime(header.time, header.zone),
    texts[complete ? 'yes' : 'no'][language],
    markTexts[mark][language],
    reasonText(reason, language),
  ]);
  return [title, formatTable(columns, rows), ...refusal].join('\n');
}

function resultText(ends: readonly ForgetEnd[], language: Language): string {
  const columns = [
    ...(['vault', 'target', 'outcome'] as const).map((key) => ({ title: texts[key][language] })),
    ...(['removed', 'left'] as const).map((key) => ({
      title: texts[key][language],
      align: 'right' as const,
    })),
  ];
  const rows = ends.map(({ vault, target, outcome, result }) => {
    const removed = result?.removed.length ?? 0;
    const left = result === undefined ? '-' : countText(result.plan.marked.length - removed);
    return [vault, target, outcomeTexts[outcome][language], countText(removed), left];
  });
  const table = formatTable(columns, rows);
  return ends.some(({ leavesData }) => leavesData) ? `${table}\n\n${texts.prune[language]}` : table;
}
