/** `hikae repair`: mend vaults. */
import type { RepairEnd } from '../app/operations.ts';
import { worstOutcome } from '../model/run.ts';
import { defineCommand } from './command.ts';
import { cliErrors } from './errors.ts';
import { lockWait } from './lock-wait.ts';
import { passwordFileOption, vaultsOption } from './look.ts';
import { flag, parsed, value } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { repairText } from './repair-view.ts';
import { runUndelete } from './undelete.ts';

export const repairCommand = defineCommand({
  name: 'repair',
  asOf: true,
  summary: {
    en: 'mend vaults, from what is sound in them and from another vault',
    ja: '保管先を、健全な部分と別の保管先から修復します',
  },
  description: {
    en: 'It reads everything. In a repository indexes are made to name what is there and sound, and what damaged packs still have is saved. In a plain vault on a disk of this machine what is damaged or missing is made again from any snapshot that has the same content, for every date that shares it. With --from what is missing comes from another vault of either kind. What stays damaged is named, and the next backup stores it anew if its source still has it.',
    ja: 'すべてを読み直します。リポジトリーでは、インデックスに実在する健全なものだけを載せ、壊れたパックから無事な部分を救い出します。このマシンのディスクにある plain の保管先では、壊れたものやなくなったものを、同じ内容を持つスナップショットから、それを共有するすべての日付について直します。--from を指定すると、別の保管先（種類は問いません）から不足分を取り戻します。直らないものは示し、取得元に残っていれば次のバックアップが保存し直します。',
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
        await context.results.show(ends, (language) => repairText(ends, from, language, true));
        return endingOf(ends, worstOutcome(ends.map(({ outcome }) => outcome)));
      }
      const result = await repair(request, parts);
      await context.results.show(result, (language) => repairText(result.ends, from, language, false));
      return endingOf(result.ends, result.outcome);
    });
  },
});

function endingOf(ends: readonly RepairEnd[], outcome: ReturnType<typeof worstOutcome>) {
  const findings = ends.reduce((sum, { report }) => sum + (report?.findings.length ?? 0), 0);
  return { outcome, findings, errors: ends.flatMap(({ error }) => error ?? []) };
}
