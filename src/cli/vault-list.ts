/** `hikae vault list`: the vaults of the policy, and whether they can be reached. */
import type { VaultList, VaultState } from '../app/operations.ts';
import type { Bilingual, Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText, describeFailure, formatTable } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { inPolicy } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  name: { en: 'name', ja: '名前' },
  kind: { en: 'kind', ja: '種類' },
  place: { en: 'place', ja: '場所' },
  state: { en: 'state', ja: '状態' },
  room: { en: 'free', ja: '空き' },
  snapshots: { en: 'snapshots', ja: 'スナップショット' },
  newest: { en: 'newest complete', ja: '最新の完全なもの' },
} as const satisfies Record<string, Bilingual>;

const stateTexts: Readonly<Record<VaultState, Bilingual>> = {
  reachable: { en: 'reachable', ja: '利用可' },
  'not-mounted': { en: 'not mounted', ja: '未マウント' },
  'not-there': { en: 'not there yet', ja: '未作成' },
  gone: { en: 'gone', ja: '消失' },
  unusable: { en: 'unusable', ja: '利用不可' },
};

export const vaultListCommand = defineCommand({
  name: 'vault list',
  summary: {
    en: 'list the vaults of the policy, their state and free room',
    ja: 'ポリシーの保管先を、状態・空き容量とともに一覧します',
  },
  reads: true,
  arguments: {},
  options: {},
  examples: [
    { line: 'hikae vault list', text: { en: 'are all disks there?', ja: 'ディスクはすべて使えますか' } },
  ],
  async run(context) {
    return inPolicy(context, async (parts) => {
      const { listVaults } = await import('../app/operations.ts');
      const list = await listVaults({ asOf: context.asOf?.instantIn(parts.zone) }, parts);
      await context.results.show(list, (language) => textOf(list, language));
      return { outcome: list.outcome };
    });
  },
});

function textOf({ vaults }: VaultList, language: Language): string {
  const columns = [
    ...(['name', 'kind', 'place', 'state'] as const).map((key) => ({ title: texts[key][language] })),
    ...(['room', 'snapshots'] as const).map((key) => ({
      title: texts[key][language],
      align: 'right' as const,
    })),
    { title: texts.newest[language] },
  ];
  const rows = vaults.map(({ name, kind, place, state, room, snapshots, newestComplete: newest }) => [
    name,
    kind,
    place,
    stateTexts[state][language],
    room === undefined ? '-' : formatSize(room.bytes),
    snapshots === undefined ? '-' : countText(snapshots),
    newest === undefined ? '-' : `${newest.place} (${shownTime(newest.header.time, newest.header.zone)})`,
  ]);
  const failures = vaults.flatMap(({ error }) =>
    error === undefined ? [] : describeFailure(error, language),
  );
  return [formatTable(columns, rows), ...failures].join('\n');
}
