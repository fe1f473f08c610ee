/**
 * What no part of the policy file can tell alone: names that nothing has, paths inside each other. It reads the file
 * as it is, right or wrong, so that these mistakes are told together with those of the schema.
 */

import { parseAt } from './at.ts';
import { type MistakeAt, type Path, pathText } from './document.ts';
import type { Mistake, MistakeCode } from './mistakes.ts';
import { isReservedName, namePattern } from './names.ts';
import { nearest } from './nearest.ts';
import { isWithin } from './paths.ts';
import { placeMistakes, vaultMistakes } from './place-relations.ts';
import { entries, field, type RawPolicy, rawPolicy, sourcesOf, textsAt } from './raw-policy.ts';

export function relationMistakes(data: unknown, mistakeAt: MistakeAt): readonly Mistake[] {
  const file = rawPolicy(data, mistakeAt);
  return [
    ...nameMistakes(file),
    ...componentMistakes(file),
    ...vaultMistakes(file),
    ...placeMistakes(file),
    ...scheduleMistakes(file),
    ...laterMistakes(file),
  ];
}

function nameMistakes({ targets, vaults, mistakeAt }: RawPolicy): Mistake[] {
  const places: Path[] = [
    ...targets.map(([target]) => ['targets', target]),
    ...targets.flatMap(([target, value]) =>
      entries(value, 'components').map(([component]) => ['targets', target, 'components', component]),
    ),
    ...vaults.map(([vault]) => ['vaults', vault]),
  ];
  return places.flatMap((path) => {
    const name = String(path.at(-1));
    const words = { value: JSON.stringify(name) };
    if (isReservedName(name)) return [mistakeAt('reserved-name', path, words, { key: true })];
    return namePattern.test(name) ? [] : [mistakeAt('name', path, words, { key: true })];
  });
}

function componentMistakes({ targets, mistakeAt }: RawPolicy): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [target, value] of targets) {
    const components = entries(value, 'components');
    const before = new Map<string, Path>();
    for (const [component, settings] of components) {
      const at: Path = ['targets', target, 'components', component];
      if (field(settings, 'files') === undefined) {
        for (const key of ['include', 'exclude', 'oneFileSystem']) {
          if (field(settings, key) === undefined) continue;
          const what = { en: 'a component with "files"', ja: '"files" のコンポーネント' };
          mistakes.push(mistakeAt('only-for', [...at, key], { key, what }, { key: true }));
        }
      }
      const own = sourcesOf(settings, at);
      for (const { path, at: place } of own) {
        const other = before.get(path);
        if (other !== undefined) {
          mistakes.push(mistakeAt('same-path', place, { value: path, other: pathText(other) }));
        }
        const around = own.find((one) => one.path !== path && isWithin(path, one.path));
        if (around !== undefined)
          mistakes.push(mistakeAt('overlap', place, { value: path, other: around.path }));
        before.set(path, place);
      }
    }
  }
  return mistakes;
}

function scheduleMistakes({ targets, vaults, schedules, mistakeAt }: RawPolicy): Mistake[] {
  const mistakes: Mistake[] = [];
  const vaultNames = vaults.map(([name]) => name);
  const targetNames = targets.map(([name]) => name);
  for (const [schedule, value] of schedules) {
    const at: Path = ['schedules', schedule];
    const to = field(value, 'to');
    mistakes.push(...namesAt(to, [...at, 'to'], vaultNames, 'unknown-vault', mistakeAt));
    const copyTo = field(value, 'copyTo');
    mistakes.push(...namesAt(copyTo, [...at, 'copyTo'], vaultNames, 'unknown-vault', mistakeAt));
    mistakes.push(
      ...namesAt(field(value, 'targets'), [...at, 'targets'], targetNames, 'unknown-target', mistakeAt),
    );
    for (const [place, name] of textsAt(copyTo, [...at, 'copyTo'])) {
      if (name === to) mistakes.push(mistakeAt('copy-to-itself', place, { value: name }));
    }
    const text = field(value, 'at');
    const time = typeof text === 'string' ? parseAt(text) : undefined;
    if (typeof text !== 'string' || time === undefined) continue;
    if (schedule === 'weekly' && time.weekday === undefined) {
      mistakes.push(mistakeAt('weekday-missing', [...at, 'at'], { value: text }));
    }
    if (schedule === 'daily' && time.weekday !== undefined) {
      mistakes.push(mistakeAt('weekday-extra', [...at, 'at'], { value: text, time: text.slice(4) }));
    }
  }
  return mistakes;
}

function laterMistakes({ vaults, data, mistakeAt }: RawPolicy): Mistake[] {
  const mistakes: Mistake[] = [];
  const known = [...vaults.map(([name]) => name), 'random'];
  for (const [rhythm, from] of entries(data, 'drill')) {
    mistakes.push(...namesAt(from, ['drill', rhythm], known, 'unknown-vault', mistakeAt));
  }
  const cost = field(data, 'cost');
  const warning = field(cost, 'warning');
  const critical = field(cost, 'critical');
  if (typeof warning === 'number' && typeof critical === 'number' && critical < warning) {
    mistakes.push(mistakeAt('amounts', ['cost', 'critical'], { value: critical, warning }));
  }
  return mistakes;
}

/** Names, one or a list of them, that must exist and be there once. */
function namesAt(
  value: unknown,
  at: Path,
  known: readonly string[],
  code: MistakeCode,
  mistakeAt: MistakeAt,
): readonly Mistake[] {
  const seen = new Set<string>();
  return textsAt(value, at).flatMap(([place, name]) => {
    const again = seen.has(name);
    seen.add(name);
    if (again) return [mistakeAt('twice', place, { value: name })];
    // Where there is nothing at all, that is told already.
    if (known.length === 0 || known.includes(name)) return [];
    return [mistakeAt(code, place, { value: name, known }, { suggestion: nearest(name, known) })];
  });
}
