/** `hikae protect`: nobody may remove a snapshot before a date. */
import type { Protection } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { type AsOf, parseAsOf } from './as-of.ts';
import { defineCommand } from './command.ts';
import { cliErrors } from './errors.ts';
import { protectionLines } from './locks-shown.ts';
import { passwordFileOption, snapshotArgument, vaultOption } from './look.ts';
import { flag, parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  protected: {
    en: '{vault}:{place} is protected until {until}',
    ja: '{vault}:{place} を {until} まで保護します',
  },
  wouldProtect: {
    en: '{vault}:{place} would be protected until {until}',
    ja: '{vault}:{place} を {until} まで保護することになります',
  },
  wouldLift: {
    en: '{vault}:{place} would no longer be protected',
    ja: '{vault}:{place} の保護を解除することになります',
  },
  covered: {
    en: '{vault}:{place} is locked until {until} already: nothing is to be done',
    ja: '{vault}:{place} はすでに {until} までロックされています（変更は不要です）',
  },
  far: {
    en: 'The date is far away: such a lock is given only with --yes.',
    ja: '期日がかなり先です。実行には --yes が必要です。',
  },
  dry: { en: 'nothing was changed: this was a dry run', ja: '何も変更していません（--dry-run）' },
  lifted: { en: '{vault}:{place} is no longer protected', ja: '{vault}:{place} の保護を解除しました' },
} as const satisfies Record<string, Bilingual>;

export const protectCommand = defineCommand({
  name: 'protect',
  summary: {
    en: 'keep a snapshot from being removed before a date',
    ja: '指定日までスナップショットを削除から保護します',
  },
  description: {
    en: 'It holds in one vault (the nearest that has the snapshot, or --vault), for its daily and its weekly place alike. It binds hikae, not root: who may write to the disk may still remove it. Where the policy locks the vault, the locks of all that the snapshot needs are made longer as well, and nobody can take that back: what it comes to is told first, and a date further away than 366 days wants --yes.',
    ja: '1 つの保管先（そのスナップショットがある最も近いもの、または --vault）の中で、日次・週次のどちらの場所にも効きます。保護は hikae による削除に対するものです。ディスクに書き込める root は削除できます。ポリシーでロックする保管先では、そのスナップショットに必要なすべてのロックも延長され、取り消せません。そのため、先に量と料金を示し、366 日より先の期日には --yes を求めます。',
  },
  arguments: { snapshot: snapshotArgument },
  options: {
    until: parsed(
      'DATE',
      {
        en: 'YYYY-MM-DD (the end of that day), a time with its offset, or `none` to lift the protection',
        ja: 'YYYY-MM-DD（その日の終わりまで）、オフセット付きの時刻、または `none`（保護を解除）',
      },
      { parse: parseUntil, expected: 'YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS+09:00, none' },
    ),
    dryRun: flag({
      en: 'show what would be locked and what it costs, and change nothing',
      ja: 'ロックする量と料金を示し、何も変更しません',
    }),
    yes: flag({
      en: 'lock also until a date that is further away than 366 days',
      ja: '366 日より先の期日でもロックします',
    }),
    vault: vaultOption,
    passwordFile: passwordFileOption,
  },
  examples: [
    {
      line: 'hikae protect mail/2026-11-21 --until 2027-03-31',
      text: { en: 'retention leaves it alone until then', ja: 'その日まで世代整理の対象外にします' },
    },
    {
      line: 'hikae protect mail/2026-11-21 --until 2027-03-31 --dry-run',
      text: { en: 'what would be locked, and its price', ja: 'ロックする量と料金を示します' },
    },
    {
      line: 'hikae protect mail/2026-11-21 --until none',
      text: { en: 'lift the protection', ja: '保護を解除します' },
    },
  ],
  async run(context, { snapshot }, { until, dryRun, yes, ...reach }) {
    if (until === undefined) {
      throw cliErrors.CLI_OPTION_REQUIRED({ options: '--until', command: 'hikae protect' });
    }
    return inPolicyOrVault(context, reach, async (parts) => {
      const { parseSnapshotSpec, planProtection, protectSnapshot } = await import('../app/operations.ts');
      const instant = until === 'none' ? undefined : until.instantIn(parts.zone);
      const request = { spec: parseSnapshotSpec(snapshot), vault: reach.vault, until: instant, yes };
      const result = await (dryRun ? planProtection : protectSnapshot)(request, parts);
      await context.results.show(result, (language) =>
        textOf(result, { dryRun, yes, zone: parts.zone }, language),
      );
      return {};
    });
  },
});

interface Shown {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly zone: string;
}

function textOf(result: Protection, { dryRun, yes, zone }: Shown, language: Language): string {
  const { vault, places, protectedUntil, lockedUntil, locks, far } = result;
  const until = protectedUntil === undefined ? '' : shownTime(protectedUntil, zone);
  const [done, planned] =
    protectedUntil === undefined
      ? ([texts.lifted, texts.wouldLift] as const)
      : ([texts.protected, texts.wouldProtect] as const);
  const text = lockedUntil === undefined ? (dryRun ? planned : done) : texts.covered;
  const lines = places.map((place) => fill(text[language], { vault, place, until }));
  if (!dryRun) return lines.join('\n');
  if (locks !== undefined) lines.push(...protectionLines(locks, language));
  if (far && !yes) lines.push(texts.far[language]);
  return [...lines, texts.dry[language]].join('\n');
}

function parseUntil(given: string): AsOf | 'none' | undefined {
  return given === 'none' ? given : parseAsOf(given);
}
