/** What is wrong with the places of vaults: by themselves, among each other, and against what is captured. */
import { type Path, pathText } from './document.ts';
import type { Location } from './location.ts';
import type { Mistake } from './mistakes.ts';
import { isWithin, normalPath } from './paths.ts';
import {
  entries,
  field,
  isPath,
  locationOf,
  type RawPolicy,
  type SourcePath,
  sourcesOf,
} from './raw-policy.ts';

export function vaultMistakes({ vaults, mistakeAt }: RawPolicy): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [vault, value] of vaults) {
    const at: Path = ['vaults', vault];
    const location = locationOf(value);
    if (field(value, 'restic') !== undefined && field(value, 'password') === undefined) {
      mistakes.push(mistakeAt('needs-password', at));
    }
    if (location === undefined) continue;
    for (const [key, kind] of Object.entries(keysOfOneKind)) {
      if (field(value, key) === undefined || kind === location.kind) continue;
      mistakes.push(mistakeAt('only-for', [...at, key], { key, what: kindWords[kind] }, { key: true }));
    }
    if (field(value, 'password') !== undefined && field(value, 'plain') !== undefined) {
      const what = { en: 'a vault with "restic"', ja: '"restic" の保管先' };
      mistakes.push(mistakeAt('only-for', [...at, 'password'], { key: 'password', what }, { key: true }));
    }
    const limits = field(value, 'limits');
    if (field(limits, 'share') !== undefined && field(limits, 'line') === undefined) {
      const what = { en: 'limits with "line"', ja: '"line" を書いた limits' };
      mistakes.push(mistakeAt('only-for', [...at, 'limits', 'share'], { key: 'share', what }, { key: true }));
    }
    const mounted = field(value, 'mounted');
    if (location.kind === 'local' && isPath(mounted) && !isWithin(location.path, normalPath(mounted))) {
      mistakes.push(mistakeAt('mounted', [...at, 'mounted'], { value: mounted, vault: location.path }));
    }
  }
  return mistakes;
}

const keysOfOneKind: Readonly<Record<string, Location['kind']>> = {
  mounted: 'local',
  knownHosts: 'sftp',
  ssh: 'sftp',
  region: 's3',
  endpoint: 's3',
  profile: 's3',
  lock: 's3',
};

const kindWords = {
  local: { en: 'a vault in a folder of this machine', ja: 'このマシンのフォルダーにある保管先' },
  sftp: { en: 'a vault at sftp://', ja: 'sftp:// の保管先' },
  s3: { en: 'a vault at s3://', ja: 's3:// の保管先' },
} as const;

/** Vaults among themselves, and against what is captured. */
export function placeMistakes({ targets, vaults, mistakeAt }: RawPolicy): Mistake[] {
  const mistakes: Mistake[] = [];
  const sources = targets.flatMap(([target, value]) =>
    entries(value, 'components').flatMap(([component, settings]) =>
      sourcesOf(settings, ['targets', target, 'components', component]),
    ),
  );
  const seen: { name: string; text: string; location: Location }[] = [];
  for (const [name, value] of vaults) {
    const location = locationOf(value);
    if (location === undefined) continue;
    const place: Path = ['vaults', name, field(value, 'plain') === undefined ? 'restic' : 'plain'];
    const text = JSON.stringify(location);
    const same = seen.find((other) => other.text === text);
    if (same !== undefined) {
      mistakes.push(
        mistakeAt('same-path', place, {
          value: String(field(value, place.at(-1))),
          other: `vaults.${same.name}`,
        }),
      );
    }
    seen.push({ name, text, location });
    if (location.kind !== 'local') continue;
    const inside = sources.filter((source) => isWithin(source.path, location.path));
    for (const source of inside) {
      const words = { value: source.path, vault: location.path, other: `vaults.${name}` };
      mistakes.push(mistakeAt('source-in-vault', source.at, words));
    }
    const around = sources.find(
      (source) =>
        !inside.includes(source) && isWithin(location.path, source.path) && !isOtherDisk(value, source),
    );
    if (around !== undefined) {
      const words = { value: location.path, source: around.path, other: pathText(around.at) };
      mistakes.push(mistakeAt('vault-in-source', place, words));
    }
  }
  for (const inner of seen) {
    for (const outer of seen) {
      if (inner.location.kind !== 'local' || outer.location.kind !== 'local' || inner.text === outer.text)
        continue;
      if (!isWithin(inner.location.path, outer.location.path)) continue;
      const words = { value: inner.location.path, vault: outer.location.path, other: `vaults.${outer.name}` };
      mistakes.push(mistakeAt('vault-in-vault', ['vaults', inner.name], words));
    }
  }
  return mistakes;
}

/** A disk mounted below the source is not entered, and the vault is not written while it isn't mounted. */
function isOtherDisk(vault: unknown, source: SourcePath): boolean {
  const mounted = field(vault, 'mounted');
  if (!isPath(mounted) || !source.oneFileSystem) return false;
  const disk = normalPath(mounted);
  return disk !== source.path && isWithin(disk, source.path);
}
