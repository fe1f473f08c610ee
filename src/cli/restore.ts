/** `hikae restore`: bring a snapshot back, into a folder or in place. */
import { resolve } from 'node:path';
import type { PlannedRestore, RestoreEnd, RestoreRequest } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import {
  actionTexts,
  countText,
  describeFailure,
  formatTable,
  outcomeTexts,
  timeText,
} from '../report/report.ts';
import { defineCommand } from './command.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import { lockOptions, passwordFileOption } from './look.ts';
import { flag, list, one, value } from './options.ts';
import { inPolicyOrVault } from './parts.ts';

const texts = {
  snapshot: {
    en: '{vault}:{place}, taken {time}',
    ja: '{vault}:{place}（{time} 取得）',
  },
  component: { en: 'component', ja: 'コンポーネント' },
  size: { en: 'to write', ja: '書き込む量' },
  restored: { en: 'restored', ja: '復元' },
  problems: { en: 'problems', ja: '問題' },
  safety: {
    en: 'What was there before is kept as {place}; to undo: hikae restore {target} --date {id} --in-place --delete --vault {vault}',
    ja: '復元前の内容は {place} に退避しました。元に戻すには: hikae restore {target} --date {id} --in-place --delete --vault {vault}',
  },
  anew: {
    en: 'Not there before, so that undoing leaves it: {paths}',
    ja: '復元前にはなかったため、取り消しても残ります: {paths}',
  },
  nothing: { en: 'nothing was changed: this was a dry run', ja: '何も変更していません（--dry-run）' },
} as const satisfies Record<string, Bilingual>;

export const restoreCommand = defineCommand({
  name: 'restore',
  asOf: true,
  summary: {
    en: 'bring a target back, into a folder or in place',
    ja: 'ターゲットを、フォルダーまたは元の場所に復元します',
  },
  description: {
    en: 'Without a policy, `--vault /path/of/the/vault` is enough. In place, what is there now is kept as a safety snapshot first, so that the restore can be undone.',
    ja: 'ポリシーがなくても `--vault /保管先のパス` だけで復元できます。元の場所への復元では、先に現在の内容を退避用スナップショットに残すので、取り消せます。',
  },
  arguments: { target: one('TARGET', { en: 'the target to restore', ja: '復元するターゲット' }) },
  options: {
    date: value('DATE', {
      en: '`latest` (when not given), a day `YYYY-MM-DD`, a week `YYYY-Www`, an id or a place',
      ja: '`latest`（省略時）、日付 `YYYY-MM-DD`、週 `YYYY-Www`、ID、または場所',
    }),
    component: list('NAME', {
      en: 'only this component; may be repeated',
      ja: 'このコンポーネントだけ（複数指定可）',
    }),
    vault: value('VAULT', {
      en: 'a vault of the policy, or the path or URL of one (the nearest that is sound when not given)',
      ja: 'ポリシーの保管先の名前か、パス・URL（省略時は読める最も近いもの）',
    }),
    passwordFile: passwordFileOption,
    ...lockOptions,
    to: value('DIR', { en: 'restore into DIR/<component>/…', ja: 'DIR/<component>/… に復元します' }),
    inPlace: flag({ en: 'restore to where it came from', ja: '元の場所に復元します' }),
    overwrite: flag({
      en: 'restore into a folder that is not empty',
      ja: '空でないフォルダーにも復元します',
    }),
    delete: flag({
      en: 'remove what is there and not in the snapshot',
      ja: 'スナップショットにないものを削除します',
    }),
    keepOld: flag({
      en: 'in place: keep databases and volumes that are replaced, under another name',
      ja: '元の場所への復元で置き換えるデータベースやボリュームを、別の名前で残します',
    }),
    replaceAccounts: flag({
      en: 'in place: set database accounts that exist already to what they were, not only add missing ones',
      ja: '元の場所への復元で、不足分を追加するだけでなく、既存のデータベースアカウントも当時の設定に戻します',
    }),
    noSafety: flag({
      en: 'do not keep what is there now; the restore can not be undone',
      ja: '現在の内容を退避しません（取り消せなくなります）',
    }),
    dryRun: flag({ en: 'show the plan and change nothing', ja: '計画だけを表示し、何も変更しません' }),
  },
  examples: [
    {
      line: 'hikae restore mail --to /tmp/look',
      text: {
        en: 'the newest complete snapshot, beside the live data',
        ja: '最新の完全なスナップショットを別の場所へ',
      },
    },
    {
      line: 'hikae restore mail --date 2026-11-21 --component vmail --in-place --dry-run',
      text: { en: 'what a restore in place would do', ja: '元の場所への復元で行われること' },
    },
    {
      line: 'hikae restore mail --vault /mnt/backup-hdd/rental --to /srv/restored',
      text: { en: 'from the disk alone, without a policy', ja: 'ポリシーなしで、ディスクだけから' },
    },
  ],
  async run(context, { target }, options) {
    const request = requestOf(context, target, options);
    return inPolicyOrVault(context, options, async (parts) => {
      const { planRestore, restore } = await import('../app/operations.ts');
      const until = context.asOf === undefined ? {} : { asOf: context.asOf.instantIn(parts.zone) };
      const asked = { ...request, ...until };
      if (options.dryRun) {
        await planRestore(asked, parts, (planned) => showPlan(context, planned));
        return {};
      }
      const end = await restore(asked, parts);
      await context.results.show(end, (language) => resultText(end, language));
      return {
        outcome: end.outcome,
        errors: end.outcome === 'failed' && end.error !== undefined ? [end.error] : [],
      };
    });
  },
});

interface Options {
  readonly date: string | undefined;
  readonly component: readonly string[];
  readonly vault: string | undefined;
  readonly to: string | undefined;
  readonly inPlace: boolean;
  readonly overwrite: boolean;
  readonly delete: boolean;
  readonly keepOld: boolean;
  readonly replaceAccounts: boolean;
  readonly noSafety: boolean;
}

function requestOf({ world }: CommandContext, target: string, options: Options): RestoreRequest {
  const { date = 'latest', component, vault, to, inPlace, overwrite, noSafety } = options;
  const where = ['--to', '--in-place'];
  if (to !== undefined && inPlace) throw cliErrors.CLI_OPTIONS_CONFLICT({ options: where });
  if (to === undefined && !inPlace)
    throw cliErrors.CLI_OPTION_REQUIRED({ options: where, command: 'hikae restore' });
  const folder = { kind: 'folder' as const, path: resolve(world.folder, to ?? '.'), overwrite };
  return {
    target,
    date,
    components: component,
    ...(vault === undefined ? {} : { vault }),
    to: inPlace ? { kind: 'in-place' } : folder,
    delete: options.delete,
    keepOld: options.keepOld,
    replaceAccounts: options.replaceAccounts,
    safety: !noSafety,
  };
}

/** How many effects are shown to a person; --json has them all. */
const SHOWN = 200;

async function showPlan(
  context: CommandContext,
  { opened, snapshot, components, leftOut }: PlannedRestore,
): Promise<void> {
  const { signal } = context;
  const effects: { action: string; path: string; reasons: readonly string[]; bytes: number }[] = [];
  const most = context.json ? Number.POSITIVE_INFINITY : SHOWN;
  let hidden = 0;
  for (const { plan } of components) {
    for await (const batch of plan.effects({ signal })) {
      for (const effect of batch) {
        // What stays as it is goes without saying, unless there is something to say of it.
        if (effect.action === 'leave' && effect.reasons.length === 0) continue;
        if (effects.length < most) effects.push(effect);
        else hidden += 1;
      }
    }
  }
  const counts = components.map(({ component, counts: counted }) => ({ component, ...counted }));
  const result = { vault: opened.name, snapshot, components: counts, leftOut, effects };
  await context.results.show(result, (language) =>
    [
      headOf(opened.name, snapshot, language),
      ...effects.map(({ action, path, reasons }) => effectLine(action, path, reasons, language)),
      ...(hidden === 0 ? [] : [`… +${countText(hidden)}`]),
      '',
      countsTable(counts, language),
      ...leftOut.flatMap(({ error }) => describeFailure(error, language)),
      texts.nothing[language],
    ].join('\n'),
  );
}

function effectLine(action: string, path: string, reasons: readonly string[], language: Language): string {
  const word = actionTexts[action as keyof typeof actionTexts][language];
  return `${word}  ${path}${reasons.length === 0 ? '' : `  (${reasons.join(', ')})`}`;
}

type Counts = {
  component: string;
  create: number;
  change: number;
  leave: number;
  remove: number;
  bytes: number;
};

function countsTable(counts: readonly Counts[], language: Language): string {
  const actions = ['create', 'change', 'leave', 'remove'] as const;
  const columns = [
    { title: texts.component[language] },
    ...actions.map((action) => ({ title: actionTexts[action][language], align: 'right' as const })),
    { title: texts.size[language], align: 'right' as const },
  ];
  const rows = counts.map((one) => [
    one.component,
    ...actions.map((action) => countText(one[action])),
    formatSize(one.bytes),
  ]);
  return formatTable(columns, rows);
}

function resultText(end: RestoreEnd, language: Language): string {
  const { snapshot, vault = '', safety, anew = [], target } = end;
  if (snapshot === undefined) return outcomeTexts[end.outcome][language];
  const columns = [
    { title: texts.component[language] },
    { title: texts.restored[language], align: 'right' as const },
    { title: actionTexts.leave[language], align: 'right' as const },
    { title: actionTexts.remove[language], align: 'right' as const },
    { title: texts.size[language], align: 'right' as const },
    { title: texts.problems[language], align: 'right' as const },
  ];
  const rows = end.components.map(({ component, counts, restored, bytes, problems }) => [
    component,
    countText(restored),
    countText(counts.leave),
    countText(counts.remove),
    formatSize(bytes),
    countText(problems),
  ]);
  const lines = [headOf(vault, snapshot, language), formatTable(columns, rows)];
  if (anew.length > 0) lines.push(fill(texts.anew[language], { paths: anew }));
  if (safety !== undefined) {
    lines.push(
      fill(texts.safety[language], { place: safety.place, target, id: safety.header.id.slice(0, 12), vault }),
    );
  }
  return lines.join('\n');
}

function headOf(vault: string, { place, header }: PlannedRestore['snapshot'], language: Language): string {
  return fill(texts.snapshot[language], { vault, place, time: timeText(header.time, header.zone) });
}
