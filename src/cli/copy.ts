/** `hikae copy`: bring the snapshots that a vault lacks from another one. */
import { defineCommand } from './command.ts';
import { copiesText, foreignText, plannedText } from './copy-shown.ts';
import { cliErrors } from './errors.ts';
import type { Ending } from './exit-codes.ts';
import { lockWait } from './lock-wait.ts';
import { flag, list, many, parsed, value } from './options.ts';
import { inPolicy } from './parts.ts';

export const copyCommand = defineCommand({
  name: 'copy',
  summary: {
    en: 'copy snapshots from one vault to others',
    ja: 'スナップショットをある保管先から別の保管先へ複製します',
  },
  description: {
    en: 'Of each target those are copied which the other vault lacks and by its own retention would keep, the newest first; with --date one alone. Only what is missing there is sent, and everything is checked on the way: what is damaged is never copied. A line that breaks is tried again three times; a run that was ended in the middle is simply repeated. A backup does all this by itself for the vaults of `copyTo`. What another program has put into a repository is of no target and stays there: `restic copy` brings it to another one.',
    ja: '各ターゲットについて、複製先になく、複製先の保持ルールで残るものを新しい順に複製します。--date を付けるとその 1 つだけです。送るのは不足分だけで、途中ですべて検査し、壊れたものは決して複製しません。回線が切れると 3 回まで試み、途中で終わった実行はもう一度実行するだけで続きから進みます。`copyTo` の保管先へはバックアップが自動で行います。他のプログラムがリポジトリーに取得したものはどのターゲットにも属さないため複製しません。`restic copy` で別のリポジトリーへ複製できます。',
  },
  arguments: {
    targets: many('TARGET', {
      en: 'the targets (all of the policy when not given)',
      ja: '対象のターゲット（省略時はポリシーのすべて）',
    }),
  },
  options: {
    from: value('VAULT', {
      en: 'the vault to copy from: its name in the policy, or the path of one',
      ja: '複製元の保管先（ポリシーの名前かパス）',
    }),
    to: list('VAULT', {
      en: 'a vault to copy to; may be given more than once',
      ja: '複製先の保管先（複数指定できます）',
    }),
    date: value('DATE', {
      en: 'only one snapshot of each target: `latest`, a day, a week or an id',
      ja: '各ターゲットの 1 つだけ: `latest`、日付、週、または ID',
    }),
    dryRun: flag({
      en: 'show what would be copied and how much would be sent, and copy nothing',
      ja: '複製するものと送信量の見積もりを示します（何も複製しません）',
    }),
    yes: flag({
      en: 'lock also far more than usual, without being asked',
      ja: '通常を大きく超える量でも、確認なしでロックします',
    }),
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae copy --from hdd --to s3',
      text: { en: 'all that s3 lacks and would keep', ja: 's3 に不足していて保持されるものすべて' },
    },
    {
      line: 'hikae copy mail --from s3 --to hdd --date 2026-11-22',
      text: { en: 'one day, back to a new disk', ja: '1 日分を新しいディスクへ' },
    },
  ],
  async run(context, { targets }, { from, to, date, dryRun, yes, lockWait: wait }) {
    if (from === undefined) throw cliErrors.CLI_OPTION_MISSING({ option: '--from', command: 'hikae copy' });
    if (to.length === 0) throw cliErrors.CLI_OPTION_MISSING({ option: '--to', command: 'hikae copy' });
    const request = { targets, from, to, date, yes };
    // Who names targets knows what he leaves out.
    const restText: typeof foreignText = (...copies) => (targets.length === 0 ? foreignText(...copies) : '');
    return inPolicy(
      context,
      async (parts) => {
        const { copy, planCopies } = await import('../app/operations.ts');
        if (dryRun) {
          const plans = await planCopies(request, parts);
          await context.results.show(
            plans,
            (language) => plannedText(plans, language) + restText(plans, language),
          );
          return endOf(plans);
        }
        const result = await copy(request, parts);
        await context.results.show(
          result,
          (language) => copiesText(result.ends, language) + restText(result.ends, language),
        );
        return endOf(result.ends);
      },
      wait === undefined ? {} : { lockWait: wait },
    );
  },
});

/** A dry run ends as the run will. */
function endOf(ends: readonly { readonly error?: Error }[]): Ending {
  const errors = ends.flatMap(({ error }) => error ?? []);
  return { outcome: errors.length === 0 ? 'succeeded' : 'failed', errors };
}
