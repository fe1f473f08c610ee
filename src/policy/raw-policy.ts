/** A policy file as it is, right or wrong: plain data that may be anything anywhere. */
import type { MistakeAt, Path } from './document.ts';
import { type Location, parseLocation } from './location.ts';
import { isAbsolutePath, normalPath } from './paths.ts';

export interface RawPolicy {
  readonly targets: readonly (readonly [string, unknown])[];
  readonly vaults: readonly (readonly [string, unknown])[];
  readonly schedules: readonly (readonly [string, unknown])[];
  readonly data: unknown;
  readonly mistakeAt: MistakeAt;
}

export interface SourcePath {
  readonly path: string;
  readonly at: Path;
  readonly oneFileSystem: boolean;
}

export function rawPolicy(data: unknown, mistakeAt: MistakeAt): RawPolicy {
  return {
    targets: entries(data, 'targets'),
    vaults: entries(data, 'vaults'),
    schedules: entries(data, 'schedules'),
    data,
    mistakeAt,
  };
}

export function sourcesOf(component: unknown, at: Path): readonly SourcePath[] {
  const oneFileSystem = field(component, 'oneFileSystem') !== false;
  return textsAt(field(component, 'files'), [...at, 'files'])
    .filter(([, path]) => isAbsolutePath(path))
    .map(([place, path]) => ({ path: normalPath(path), at: place, oneFileSystem }));
}

export function locationOf(vault: unknown): Location | undefined {
  const text = field(vault, 'plain') ?? field(vault, 'restic');
  return typeof text === 'string' ? parseLocation(text) : undefined;
}

export function isPath(value: unknown): value is string {
  return typeof value === 'string' && isAbsolutePath(value);
}

/** A text, or the texts of a list, each with its place. */
export function textsAt(value: unknown, at: Path): readonly (readonly [Path, string])[] {
  if (typeof value === 'string') return [[at, value]];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index): [Path, string][] =>
    typeof item === 'string' ? [[[...at, index], item]] : [],
  );
}

export function entries(value: unknown, key: string): readonly (readonly [string, unknown])[] {
  const inner = field(value, key);
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.entries(inner) : [];
}

export function field(value: unknown, key: PropertyKey | undefined): unknown {
  if (key === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
    return undefined;
  return Reflect.get(value, key);
}
