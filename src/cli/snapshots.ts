/** `hikae snapshots`: what there is, in every vault. */
import type { VaultSnapshots } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { countText, describeFailure, formatTable } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { lookOptions, passwordFileOption, vaultsOption } from './look.ts';
import { optional } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownId, shownTime } from './shown.ts';

const texts = {
  vault: { en: 'Vault {vault}:', ja: '保管先 {vault}:' },
  none: { en: '  no snapshots', ja: '  スナップショットはありません' },
  place: { en: 'place', ja: '場所' },
  time: { en: 'taken', ja: '取得日時' },
  state: { en: 'state', ja: '状態' },
  files: { en: 'files', ja: 'ファイル数' },
  size: { en: 'size', ja: 'サイズ' },
  problems: { en: 'problems', ja: '問題' },
  until: { en: 'protected until', ja: '保護期限' },
  id: { en: 'id', ja: 'ID' },
  complete: { en: 'complete', ja: '完全' },
  incomplete: { en: 'incomplete', ja: '不完全' },
  unreadable: { en: '{place} can not be read: {reason}', ja: '{place} は読み取れません: {reason}' },
} as const satisfies Record<string, Bilingual>;

export const snapshotsCommand = defineCommand({
  name: 'snapshots',
  summary: { en: 'list the snapshots in every vault', ja: '各保管先のスナップショットを一覧します' },
  reads: true,
  arguments: {
    target: optional('TARGET', {
      en: 'only those of this target',
      ja: 'このターゲットのものだけ',
    }),
  },
  options: { vault: vaultsOption, passwordFile: passwordFileOption },
  examples: [
    {
      line: 'hikae snapshots mail',
      text: { en: 'all snapshots of `mail`', ja: '`mail` のすべてのスナップショット' },
    },
    {
      line: 'hikae snapshots --vault /mnt/backup-hdd/rental',
      text: { en: 'what is on that disk, without a policy', ja: 'ポリシーなしで、そのディスクにあるもの' },
    },
  ],
  async run(context, { target }, reach) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { listSnapshots } = await import('../app/operations.ts');
      const result = await listSnapshots({ target, ...lookOptions(context, reach.vault, parts) }, parts);
      await context.results.show(result, (language) =>
        result.vaults.map((one) => vaultText(one, language)).join('\n\n'),
      );
      return { outcome: result.outcome };
    });
  },
});

function vaultText({ vault, snapshots, unreadable, error }: VaultSnapshots, language: Language): string {
  const lines = [fill(texts.vault[language], { vault })];
  if (error !== undefined) return [...lines, ...describeFailure(error, language)].join('\n');
  lines.push(snapshots.length === 0 ? texts.none[language] : snapshotTable(snapshots, language));
  for (const { place, error: damage } of unreadable) {
    lines.push(fill(texts.unreadable[language], { place, reason: damage.in(language).message }));
  }
  return lines.join('\n');
}

function snapshotTable(snapshots: readonly SnapshotEntry[], language: Language): string {
  const isProtected = snapshots.some(({ protectedUntil }) => protectedUntil !== undefined);
  const columns = [
    { title: texts.place[language] },
    { title: texts.time[language] },
    { title: texts.state[language] },
    { title: texts.files[language], align: 'right' as const },
    { title: texts.size[language], align: 'right' as const },
    { title: texts.problems[language], align: 'right' as const },
    { title: texts.id[language] },
    ...(isProtected ? [{ title: texts.until[language] }] : []),
  ];
  const rows = snapshots.map(({ place, header, complete, protectedUntil }) => {
    const { components, time, zone, problems, id } = header;
    const files = components.reduce((sum, component) => sum + component.files, 0);
    const bytes = components.reduce((sum, component) => sum + component.bytes, 0);
    return [
      place,
      shownTime(time, zone),
      texts[complete ? 'complete' : 'incomplete'][language],
      countText(files),
      formatSize(bytes),
      countText(problems),
      shownId(id),
      protectedUntil === undefined ? '' : shownTime(protectedUntil, zone),
    ];
  });
  return formatTable(columns, rows);
}
