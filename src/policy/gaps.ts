/** What a policy leaves uncovered. None of it is an error; all of it should be known. */
import { formatSpan } from '../base/quantities.ts';
import { type Gap, gap } from './gap.ts';
import type { HostFacts } from './host-facts.ts';
import { parseLocation } from './location.ts';
import { componentsOf, placeOf, schedulesOf, targetsOf } from './meaning.ts';
import { isWithin } from './paths.ts';
import type { Component, Policy, PolicyVault, ScheduleName, Target } from './policy-file.ts';
import { foundGaps } from './unprotected.ts';

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
    ...(await mountGaps(policy, options)),
    ...(await secretGaps(policy, options)),
    ...(await vaultGaps(policy, options)),
    ...foundGaps(policy, await options.facts.found(options)),
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
  if (!schedules.some(([name]) => name === 'weekly')) gaps.push(gap('no-weekly', path, { target }));
  const interval = Math.min(...schedules.map(([name]) => intervals[name]));
  if (rpo !== undefined && rpo < interval) {
    gaps.push(gap('rpo', `${path}.rpo`, { target, rpo: span(rpo), interval: span(interval) }));
  }
  return gaps;
}

async function databaseGaps(policy: Policy, { facts, signal }: Asked): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  for (const { path, root } of [...rootsOf(policy), ...volumesOf(policy)]) {
    const database = await facts.liveDatabaseIn(root, { signal });
    if (database !== undefined) gaps.push(gap('live-database', path, { files: root, database }));
  }
  return gaps;
}

/** Where Docker keeps volumes of the driver `local`, as long as nobody has moved its folder. */
function volumesOf(policy: Policy): readonly Root[] {
  return componentsOf(policy).flatMap(({ path, component }) => {
    const volume = component['docker-volume']?.volume;
    return volume === undefined ? [] : [{ path, root: `/var/lib/docker/volumes/${volume}/_data` }];
  });
}

/** File systems that are mounted below what a component takes, and that it doesn't enter. */
async function mountGaps(policy: Policy, { facts, signal }: Asked): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  const roots = rootsOf(policy);
  const isTaken = (mount: string) => roots.some(({ root }) => root === mount);
  const disks = Object.values(policy.vaults).flatMap((vault) => [vault.mounted ?? [], placeOf(vault)].flat());
  const isVault = (mount: string) => disks.some((disk) => isWithin(disk, mount));
  for (const { path, component } of componentsOf(policy)) {
    if (component.oneFileSystem === false) continue;
    for (const root of component.files?.roots ?? []) {
      for (const mount of await facts.mountsBelow(root, { signal })) {
        if (isTaken(mount) || isVault(mount) || isLeftOut(mount, root, component)) continue;
        gaps.push(gap('mount-left-out', path, { mount, files: root }));
      }
    }
  }
  return gaps;
}

/** Said to be left out by its name: nobody has to be told. */
function isLeftOut(path: string, root: string, { files, exclude = [] }: Component): boolean {
  const below = files?.layout === 'folder' ? path.slice(root === '/' ? 0 : root.length) : path;
  return exclude.some((glob) => isWithin(below, `/${glob.replace(/\\(.)/g, '$1').replace(/^\/|\/$/g, '')}`));
}

async function secretGaps(policy: Policy, { facts, signal }: Asked): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  for (const { path, component } of componentsOf(policy)) {
    const file = (component.mysql ?? component.postgres)?.password?.file;
    if (file !== undefined && !(await facts.exists(file, { signal })))
      gaps.push(gap('secret-missing', path, { file }));
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

interface Root {
  readonly path: string;
  readonly root: string;
}

function rootsOf(policy: Policy): readonly Root[] {
  return componentsOf(policy).flatMap(({ path, component }) =>
    (component.files?.roots ?? []).map((root) => ({ path, root })),
  );
}

function isLocal(vault: PolicyVault | undefined): boolean {
  return vault === undefined || parseLocation(placeOf(vault))?.kind === 'local';
}

/** Whole days as days, which is what a policy is written in. */
function span(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  if (hours > 24 && hours % 24 === 0) return `${hours / 24}d`;
  return Number.isInteger(hours) ? `${hours}h` : formatSpan(milliseconds / 1000);
}
