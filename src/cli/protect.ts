/** `hikae protect`: nobody may remove a snapshot before a date. */
import { type Bilingual, fill } from '../base/language.ts';
import { type AsOf, parseAsOf } from './as-of.ts';
import { defineCommand } from './command.ts';
import { cliErrors } from './errors.ts';
import { passwordFileOption, snapshotArgument, vaultOption } from './look.ts';
import { parsed } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  protected: {
    en: '{vault}:{place} is protected until {until}',
    ja: '{vault}:{place} を {until} まで保護します',
  },
  lifted: { en: '{vault}:{place} is no longer protected', ja: '{vault}:{place} の保護を解除しました' },
} as const satisfies Record<string, Bilingual>;

export const protectCommand = defineCommand({
  name: 'protect',
  summary: {
    en: 'keep a snapshot from being removed before a date',
    ja: '指定日までスナップショットを削除から保護します',
  },
  description: {
    en: 'It holds in one vault (the nearest that has the snapshot, or --vault), for its daily and its weekly place alike. It binds hikae, not root: who may write to the disk may still remove it. Where the policy locks the vault, the locks of all that the snapshot needs are made longer as well, and nobody can take that back.',
    ja: '1 つの保管先（そのスナップショットがある最も近いもの、または --vault）の中で、日次・週次のどちらの場所にも効きます。保護は hikae による削除に対するものです。ディスクに書き込める root は削除できます。ポリシーでロックする保管先では、そのスナップショットに必要なすべてのロックも延長され、取り消せません。',
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
    vault: vaultOption,
    passwordFile: passwordFileOption,
  },
  examples: [
    {
      line: 'hikae protect mail/2026-11-21 --until 2027-03-31',
      text: { en: 'retention leaves it alone until then', ja: 'その日まで世代整理の対象外にします' },
    },
    {
      line: 'hikae protect mail/2026-11-21 --until none',
      text: { en: 'lift the protection', ja: '保護を解除します' },
    },
  ],
  async run(context, { snapshot }, { until, ...reach }) {
    if (until === undefined) {
      throw cliErrors.CLI_OPTION_REQUIRED({ options: '--until', command: 'hikae protect' });
    }
    return inPolicyOrVault(context, reach, async (parts) => {
      const { parseSnapshotSpec, protectSnapshot } = await import('../app/operations.ts');
      const instant = until === 'none' ? undefined : until.instantIn(parts.zone);
      const request = { spec: parseSnapshotSpec(snapshot), vault: reach.vault, until: instant };
      const result = await protectSnapshot(request, parts);
      await context.results.show(result, (language) => {
        const until = instant === undefined ? '' : shownTime(instant, parts.zone);
        const text = texts[instant === undefined ? 'lifted' : 'protected'][language];
        return result.places.map((place) => fill(text, { vault: result.vault, place, until })).join('\n');
      });
      return {};
    });
  },
});

function parseUntil(given: string): AsOf | 'none' | undefined {
  return given === 'none' ? given : parseAsOf(given);
}
