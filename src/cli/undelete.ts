/** `hikae repair --undelete`: what was deleted or overwritten in a bucket since a time is seen again. */

import type { UndeleteReport } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText } from '../report/report.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import type { Ending } from './exit-codes.ts';
import { inPolicyOrVault, type Reach } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  none: {
    en: '{vault}: nothing that was there at {time} is deleted or overwritten',
    ja: '{vault}: {time} にあったもので、削除・上書きされたものはありません',
  },
  done: {
    en: '{vault}: {count} objects ({size}) are as they were at {time}',
    ja: '{vault}: {count} オブジェクト（{size}）を {time} の状態に戻しました',
  },
  planned: {
    en: '{vault}: {count} objects ({size}) would be laid on top again as they were at {time}',
    ja: '{vault}: {count} オブジェクト（{size}）が {time} の状態に戻ります',
  },
  lost: { en: '- {key}: no version of it is right', ja: '- {key}: 正しいバージョンが残っていません' },
} as const satisfies Record<string, Bilingual>;

/** A vault and a time have to be named: what is brought back depends on both. */
export async function runUndelete(
  context: CommandContext,
  reach: Reach,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Ending> {
  const { vault } = reach;
  const { asOf } = context;
  if (vault === undefined || asOf === undefined) {
    const options = vault === undefined ? '--vault' : '--as-of';
    throw cliErrors.CLI_OPTION_REQUIRED({ options, command: 'hikae repair --undelete' });
  }
  return inPolicyOrVault(context, reach, async (parts) => {
    const { undelete } = await import('../app/operations.ts');
    const time = asOf.instantIn(parts.zone);
    const report = await undelete({ vault, time, dryRun }, parts);
    const shown = shownTime(time, parts.zone);
    await context.results.show(report, (language) =>
      textOf(report, { vault, time: shown, dryRun }, language),
    );
    return { findings: report.lost.length };
  });
}

function textOf(
  { objects, bytes, lost }: UndeleteReport,
  { vault, time, dryRun }: { readonly vault: string; readonly time: string; readonly dryRun: boolean },
  language: Language,
): string {
  const key = objects.length === 0 ? 'none' : dryRun ? 'planned' : 'done';
  const facts = { vault, time, count: countText(objects.length), size: formatSize(bytes) };
  return [
    fill(texts[key][language], facts),
    ...lost.map((one) => fill(texts.lost[language], { key: one })),
  ].join('\n');
}
