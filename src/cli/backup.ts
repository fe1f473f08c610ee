/** `hikae backup`: capture → copyTo → forget. */
import type { BackupResult, BackupTarget } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, formatTable, outcomeTexts } from '../report/report.ts';
import { previewText } from './backup-preview.ts';
import { defineCommand } from './command.ts';
import { copiesText } from './copy-shown.ts';
import { cliErrors } from './errors.ts';
import { lockWait } from './lock-wait.ts';
import { choice, flag, many, parsed } from './options.ts';
import { inPolicy } from './parts.ts';

const texts = {
  target: { en: 'target', ja: 'ターゲット' },
  outcome: { en: 'outcome', ja: '結果' },
  snapshot: { en: 'snapshot', ja: 'スナップショット' },
  files: { en: 'files', ja: 'ファイル数' },
  size: { en: 'size', ja: 'サイズ' },
  added: { en: 'new', ja: '新規分' },
  removed: { en: 'removed', ja: '削除' },
  incomplete: { en: '{place} (incomplete)', ja: '{place}（不完全）' },
  sharedFrom: { en: '{place} (from {from})', ja: '{place}（{from} から作成）' },
} as const satisfies Record<string, Bilingual>;

export const backupCommand = defineCommand({
  name: 'backup',
  summary: {
    en: 'take a snapshot of the targets, copy it, then remove what retention lets go',
    ja: 'ターゲットのスナップショットを取り、複製し、保持期間を過ぎたものを削除します',
  },
  description: {
    en: 'All targets are taken first. Then each vault of `copyTo` gets what it lacks and would keep: the new snapshots, and earlier ones that could not be copied. A copy that fails makes the run a failed one; the snapshot stays where it was taken.',
    ja: 'まずすべてのターゲットを取得します。次に `copyTo` の各保管先へ、そこになく保持対象となるもの（新しいスナップショットと、以前に複製できなかったもの）を複製します。複製に失敗すると実行全体が失敗になりますが、取得したスナップショットは残ります。',
  },
  arguments: {
    targets: many('TARGET', {
      en: 'the targets to take (those of the schedule when not given)',
      ja: '対象のターゲット（省略時はスケジュールの対象すべて）',
    }),
  },
  options: {
    schedule: choice(['daily', 'weekly'], {
      en: "the schedule to carry out (the policy's first when not given)",
      ja: '実行するスケジュール（省略時はポリシーの最初のもの）',
    }),
    dryRun: flag({
      en: 'compare and tell what would be stored, and write nothing',
      ja: '比較だけを行い、保存されるものを示します（何も書き込みません）',
    }),
    force: flag({
      en: 'read every file again, also where size, times and inode are as they were',
      ja: 'サイズ・日時・inode が前回と同じファイルも含め、すべてのファイルを読み直します',
    }),
    yes: flag({
      en: 'lock also far more than usual, without being asked',
      ja: '通常を大きく超える量でも、確認なしでロックします',
    }),
    lockWait: parsed('DURATION', lockWait.text, lockWait.grammar),
  },
  examples: [
    {
      line: 'hikae backup',
      text: { en: 'all targets of the first schedule', ja: '最初のスケジュールの全ターゲット' },
    },
    {
      line: 'hikae backup mail --dry-run',
      text: { en: 'what a backup of `mail` would store', ja: '`mail` のバックアップで保存されるもの' },
    },
    {
      line: 'hikae backup --schedule weekly',
      text: {
        en: "the weekly snapshot, shared with that day's daily",
        ja: '週次（その日の日次とデータを共有）',
      },
    },
  ],
  async run(context, { targets }, { schedule, dryRun, force, yes, ...reach }) {
    // A preview compares attributes, which is what --force does not believe.
    if (dryRun && force) throw cliErrors.CLI_OPTIONS_CONFLICT({ options: ['--dry-run', '--force'] });
    const asked = { targets, ...(schedule === undefined ? {} : { schedule }) };
    return inPolicy(
      context,
      async (parts, policy) => {
        const { warnOfLater } = await import('../app/parts.ts');
        const { backup, previewBackup } = await import('../app/operations.ts');
        warnOfLater(policy, parts.emit, context.language);
        // Timers name their schedule; a person mostly doesn't.
        const trigger = schedule === undefined ? ('manual' as const) : ('schedule' as const);
        const request = { ...asked, trigger, force, yes };
        if (dryRun) {
          const previews = await previewBackup(request, parts);
          await context.results.show(previews, (language) => previewText(previews, language));
          return {
            // As in the run: the data is kept, only not where the policy wants it.
            ...(previews.some(({ unreachable }) => unreachable !== undefined) ? { outcome: 'failed' } : {}),
            errors: previews.flatMap(({ components }) => components.flatMap(({ error }) => error ?? [])),
          };
        }
        const result = await backup(request, parts);
        await context.results.show(result, (language) => resultText(result, language));
        // What is kept all the same, only not as the policy wants it, is a failure of no particular kind.
        const lost = result.targets.filter(({ outcome, snapshot }) => outcome === 'failed' && !snapshot);
        return { outcome: result.outcome, errors: lost.flatMap(({ error }) => error ?? []) };
      },
      reach,
    );
  },
});

function resultText({ targets }: BackupResult, language: Language): string {
  const columns = [
    { title: texts.target[language] },
    { title: texts.outcome[language] },
    { title: texts.snapshot[language] },
    { title: texts.files[language], align: 'right' as const },
    { title: texts.size[language], align: 'right' as const },
    { title: texts.added[language], align: 'right' as const },
    { title: texts.removed[language], align: 'right' as const },
  ];
  const table = formatTable(
    columns,
    targets.map((target) => rowOf(target, language)),
  );
  const copies = targets.flatMap((target) => target.copies);
  return copies.length === 0 ? table : `${table}\n\n${copiesText(copies, language)}`;
}

function rowOf(end: BackupTarget, language: Language): string[] {
  const components = end.snapshot?.header.components ?? [];
  const files = components.reduce((sum, one) => sum + one.files, 0);
  const bytes = components.reduce((sum, one) => sum + one.bytes, 0);
  const added = end.components.reduce((sum, one) => sum + one.newBytes, 0);
  return [
    end.target,
    outcomeTexts[end.outcome][language],
    placeText(end, language),
    countText(files),
    formatSize(bytes),
    formatSize(added),
    countText(end.forget?.removed?.length ?? 0),
  ];
}

function placeText({ snapshot, from, vault = '' }: BackupTarget, language: Language): string {
  if (snapshot === undefined) return '-';
  const place = `${vault}:${snapshot.place}`;
  if (!snapshot.complete) return fill(texts.incomplete[language], { place });
  return from === undefined ? place : fill(texts.sharedFrom[language], { place, from: from.place });
}
