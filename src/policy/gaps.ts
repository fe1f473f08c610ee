/** What a policy leaves uncovered. None of it is an error; all of it should be known. */
import type { Bilingual } from '../base/language.ts';
import { formatSpan } from '../base/quantities.ts';
import type { HostFacts } from './host-facts.ts';
import { parseLocation } from './location.ts';
import { placeOf, schedulesOf, targetsOf } from './meaning.ts';
import { isWithin } from './paths.ts';
import type { Policy, PolicyVault, ScheduleName, Target } from './policy-file.ts';
import { say, type Words } from './wording.ts';

export interface Gap {
  readonly code: GapCode;
  /** the part of the file that it concerns */
  readonly path: string;
  readonly text: Bilingual;
}

export type GapCode = keyof typeof gapTexts;

export const gapTexts = {
  'target-unscheduled': {
    en: 'target {target} is in no schedule: it is never backed up by itself',
    ja: 'ターゲット {target} はどのスケジュールにも入っていないため、自動ではバックアップされません',
  },
  'vault-unused': {
    en: 'no schedule writes to vault {vault}',
    ja: '保管先 {vault} に書き込むスケジュールがありません',
  },
  'no-off-site': {
    en: 'target {target} has no off-site copy: all its vaults are on this machine ({vaults})',
    ja: 'ターゲット {target} には遠隔地の複製がありません。保管先はすべてこのマシンにあります（{vaults}）',
  },
  'off-site-later': {
    en: 'target {target} has no off-site copy yet: {vaults} are in the policy, but this version does not write them',
    ja: 'ターゲット {target} の遠隔地の複製はまだ作られません。{vaults} はポリシーにありますが、この版では書き込みません',
  },
  'no-weekly': {
    en: 'target {target} has no weekly snapshots: it cannot go back further than the daily ones',
    ja: 'ターゲット {target} には週次スナップショットがなく、日次の世代より前には戻せません',
  },
  rpo: {
    en: 'target {target} may lose at most {rpo} of work, and its schedules come every {interval}',
    ja: 'ターゲット {target} が失ってよいのは最大 {rpo} 分ですが、スケジュールの間隔は {interval} です',
  },
  'not-encrypted': {
    en: 'the plain vault {vault} lies at {path} on a disk that is not encrypted: who has the disk can read it',
    ja: '保管先 {vault}（{path}）のディスクは暗号化されていないため、ディスクを手にした人は中身を読めます',
  },
  'not-mounted': {
    en: 'vault {vault}: {mounted} is not mounted now, so nothing can be told of its disk',
    ja: '保管先 {vault}: {mounted} が現在マウントされていないため、ディスクの状態を確認できません',
  },
  'same-file-system': {
    en: 'vault {vault} lies on the same file system ({mount}) as {sources}: both are lost with that disk',
    ja: '保管先 {vault} は {sources} と同じファイルシステム（{mount}）にあり、ディスクが壊れると両方失われます',
  },
  'live-database': {
    en: '{files} holds the files of a database server ({database}): copied while it runs they may not start again; use a database component',
    ja: '{files} にデータベースサーバーのファイル（{database}）があります。稼働中のコピーからは復旧できないことがあるため、データベース用のコンポーネントを使ってください',
  },
} as const satisfies Record<string, Bilingual>;

interface Asked {
  readonly facts: HostFacts;
  readonly signal: AbortSignal;
}

const intervals: Readonly<Record<ScheduleName, number>> = { daily: 86_400_000, weekly: 7 * 86_400_000 };

export async function gapsOf(policy: Policy, options: Asked): Promise<readonly Gap[]> {
  const targets = Object.entries(policy.targets);
  return [
    ...targets.flatMap(([name, target]) => targetGaps(policy, name, target)),
    ...(await databaseGaps(policy, options)),
    ...(await vaultGaps(policy, options)),
  ];
}

function targetGaps(policy: Policy, target: string, { rpo }: Target): readonly Gap[] {
  const path = `targets.${target}`;
  const schedules = schedulesOf(policy).filter(([, schedule]) =>
    targetsOf(policy, schedule).includes(target),
  );
  if (schedules.length === 0) return [gap('target-unscheduled', path, { target })];
  const gaps: Gap[] = [];
  const vaults = [...new Set(schedules.flatMap(([, { to, copyTo }]) => [to, ...copyTo]))];
  const away = vaults.filter((vault) => !isLocal(policy.vaults[vault]));
  if (away.length === 0) gaps.push(gap('no-off-site', path, { target, vaults }));
  else gaps.push(gap('off-site-later', path, { target, vaults: away }));
  if (!schedules.some(([name]) => name === 'weekly')) gaps.push(gap('no-weekly', path, { target }));
  const interval = Math.min(...schedules.map(([name]) => intervals[name]));
  if (rpo !== undefined && rpo < interval) {
    gaps.push(gap('rpo', `${path}.rpo`, { target, rpo: span(rpo), interval: span(interval) }));
  }
  return gaps;
}

async function databaseGaps(policy: Policy, { facts, signal }: Asked): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  for (const { path, root } of rootsOf(policy)) {
    const database = await facts.liveDatabaseIn(root, { signal });
    if (database !== undefined) gaps.push(gap('live-database', path, { files: root, database }));
  }
  return gaps;
}

async function vaultGaps(policy: Policy, { facts, signal }: Asked): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  const used = new Set(schedulesOf(policy).flatMap(([, { to, copyTo }]) => [to, ...copyTo]));
  for (const [vault, settings] of Object.entries(policy.vaults)) {
    const path = `vaults.${vault}`;
    if (!used.has(vault)) gaps.push(gap('vault-unused', path, { vault }));
    const location = parseLocation(placeOf(settings));
    if (location?.kind !== 'local') continue;
    const mount = await facts.mountPointOf(location.path, { signal });
    // What lies at the path now is not the disk that the vault will be on.
    if (settings.mounted !== undefined && mount !== undefined && !isWithin(mount, settings.mounted)) {
      gaps.push(gap('not-mounted', path, { vault, mounted: settings.mounted }));
      continue;
    }
    if (settings.plain !== undefined && (await facts.isEncrypted(location.path, { signal })) === false) {
      gaps.push(gap('not-encrypted', path, { vault, path: location.path }));
    }
    if (mount === undefined) continue;
    const sources: string[] = [];
    for (const { root } of rootsOf(policy)) {
      if (!sources.includes(root) && (await facts.mountPointOf(root, { signal })) === mount)
        sources.push(root);
    }
    if (sources.length > 0) gaps.push(gap('same-file-system', path, { vault, mount, sources }));
  }
  return gaps;
}

function rootsOf(policy: Policy): readonly { readonly path: string; readonly root: string }[] {
  return Object.entries(policy.targets).flatMap(([target, { components }]) =>
    Object.entries(components).flatMap(([component, { files }]) =>
      (files?.roots ?? []).map((root) => ({ path: `targets.${target}.components.${component}`, root })),
    ),
  );
}

function isLocal(vault: PolicyVault | undefined): boolean {
  return vault === undefined || parseLocation(placeOf(vault))?.kind === 'local';
}

function gap(code: GapCode, path: string, words: Words): Gap {
  return { code, path, text: say(gapTexts[code], words) };
}

/** Whole days as days, which is what a policy is written in. */
function span(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  if (hours > 24 && hours % 24 === 0) return `${hours / 24}d`;
  return Number.isInteger(hours) ? `${hours}h` : formatSpan(milliseconds / 1000);
}
