/** Choosing a snapshot by what a person says of it, and finding a vault that has it. */
import { dayOf, isoWeekOf, isTimeZone } from '../base/calendar.ts';
import { isHikaeError } from '../base/errors.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import type { SnapshotList } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, Parts } from './parts.ts';
import { servesNot, vaultsNewestFirst, vaultsToLookIn } from './reach.ts';
import { damageOf, tellUnreadable } from './unreadable.ts';

/** What a person wants: of a target `latest`, a day, a moment, a week or an id; or, without a target, an id or a place. */
export interface SnapshotSpec {
  readonly target?: string;
  readonly wanted: string;
}

export interface SelectOptions {
  /** the vault's name, for what is told when there is none */
  readonly vault: string;
  /** the time of day, in milliseconds since 1970 UTC */
  readonly now: number;
  /** hides what was taken later; milliseconds since 1970 UTC */
  readonly asOf?: number | undefined;
}

/** Where a reading command looks, and as of when (milliseconds since 1970 UTC). */
export interface LookOptions {
  /** the policy's vaults, nearest first, when absent */
  readonly vault?: string | undefined;
  readonly asOf?: number | undefined;
}

export interface ChosenSnapshot {
  readonly opened: OpenedVault;
  readonly entry: SnapshotEntry;
}

/** `daily/mail/2026-11-22`, `mail/latest`, `mail/2026-11-22`, `mail` (its latest), or the first digits of an id. */
export function parseSnapshotSpec(text: string): SnapshotSpec {
  const words = text.split('/');
  const [target = '', wanted = ''] = words;
  if (foreignPlace.test(text)) return { wanted: text };
  if (words.length === 2 && target !== '' && wanted !== '') return { target, wanted };
  return words.length > 1 || idPrefix.test(text) ? { wanted: text } : { target: text, wanted: 'latest' };
}

/**
 * The snapshot that `wanted` means among those of one target (or, for an id or a place, of all). Of a day or a week it is the
 * newest complete one, else the newest. A safety snapshot is found only by its moment, place or id.
 */
export function selectSnapshot(
  entries: readonly SnapshotEntry[],
  wanted: string,
  { vault, now, asOf = Number.POSITIVE_INFINITY }: SelectOptions,
): SnapshotEntry {
  const known = entries.filter(({ header }) => header.time <= asOf);
  const chosen = choose(known, wanted, now, (places) =>
    operationErrors.SNAPSHOT_AMBIGUOUS({ wanted, places }),
  );
  if (chosen === undefined) throw operationErrors.SNAPSHOT_NOT_FOUND({ wanted, vault });
  return chosen;
}

/** From the nearest vault that has it; one out of reach, or with a damaged header there, is told and passed over. */
export async function openSnapshot(
  spec: SnapshotSpec,
  { vault, asOf }: LookOptions,
  parts: Parts,
): Promise<ChosenSnapshot> {
  const names = await vaultsNewestFirst(vaultsToLookIn(vault, parts), parts, async (opened) => {
    const list = await opened.vault.list({ signal: parts.signal });
    // What stands damaged beside it is told by the one that opens it in earnest.
    return selectFrom(list, spec, { vault: opened.name, now: parts.clock.now(), asOf }, { emit: () => {} });
  });
  let failure: Error | undefined;
  const without: string[] = [];
  for (const [index, name] of names.entries()) {
    try {
      return await openIn(name, spec, asOf, parts);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (isHikaeError(error, 'SNAPSHOT_NOT_FOUND')) {
        without.push(name);
      } else if (servesNot(error) || isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE')) {
        failure ??= error;
        if (index < names.length - 1) {
          parts.emit({
            type: 'warning',
            code: 'next-vault',
            facts: { vault: name, reason: error.message },
          });
        }
      } else {
        throw error;
      }
    }
  }
  throw failure ?? operationErrors.SNAPSHOT_NOT_FOUND({ wanted: specText(spec), vault: without });
}

/** Does the work with a snapshot that is open for reading. */
export async function readSnapshot<Result>(
  spec: SnapshotSpec,
  options: LookOptions,
  parts: Parts,
  work: (reader: SnapshotReader, chosen: ChosenSnapshot) => Promise<Result>,
): Promise<Result> {
  const chosen = await openSnapshot(spec, options, parts);
  const { opened, entry } = chosen;
  try {
    const reader = await opened.vault.open(entry, { signal: parts.signal });
    try {
      return await work(reader, chosen);
    } finally {
      await reader.close();
    }
  } finally {
    await opened.vault.close();
  }
}

const FUTURE = 3_600_000;
const idPrefix = /^[0-9a-f]{6,32}$/;
/** A snapshot of a repository that somebody else has taken is called by its file. */
const foreignPlace = /^snapshots\/[0-9a-f]{64}$/;

function specText({ target, wanted }: SnapshotSpec): string {
  return target === undefined ? wanted : `${target}/${wanted}`;
}

async function openIn(
  name: string,
  spec: SnapshotSpec,
  asOf: number | undefined,
  parts: Parts,
): Promise<ChosenSnapshot> {
  const opened = await parts.openVault(name, { create: false });
  try {
    const list = await opened.vault.list({ signal: parts.signal });
    return { opened, entry: selectFrom(list, spec, { vault: name, now: parts.clock.now(), asOf }, parts) };
  } catch (error) {
    await opened.vault.close();
    throw error;
  }
}

function selectFrom(
  { snapshots, unreadable }: SnapshotList,
  spec: SnapshotSpec,
  options: SelectOptions,
  parts: Pick<Parts, 'emit'>,
): SnapshotEntry {
  const damaged = unreadable.find(({ place }) => place === spec.wanted);
  if (damaged !== undefined) throw damageOf(damaged);
  const { target, wanted } = resolve(spec, snapshots);
  if (target === undefined) return selectSnapshot(snapshots, wanted, options);
  tellUnreadable(
    options.vault,
    unreadable.filter(({ place }) => place.split('/')[1] === target),
    parts,
  );
  const own = snapshots.filter(({ header }) => header.target === target);
  return selectSnapshot(own, wanted, options);
}

/** A target may be called `facade`: where there is one of this name, it isn't the digits of an id. */
function resolve(spec: SnapshotSpec, entries: readonly SnapshotEntry[]): SnapshotSpec {
  const named = spec.target === undefined && entries.some(({ header }) => header.target === spec.wanted);
  return named ? { target: spec.wanted, wanted: 'latest' } : spec;
}

function choose(
  entries: readonly SnapshotEntry[],
  wanted: string,
  now: number,
  ambiguous: (places: readonly string[]) => Error,
): SnapshotEntry | undefined {
  const regular = entries.filter(({ header }) => header.schedule !== 'safety');
  if (wanted === 'latest') return latestOf(regular, now);
  if (/^\d{4}-\d\d-\d\d$/.test(wanted)) return bestOf(regular.filter((entry) => dayIn(entry) === wanted));
  if (/^\d{4}-W\d\d$/.test(wanted)) {
    const weekly = entries.filter(({ header }) => header.schedule === 'weekly');
    return bestOf(weekly.filter((entry) => weekIn(entry) === wanted));
  }
  if (wanted.includes('/')) return entries.find(({ place }) => place === wanted);
  const matches = /^\d{4}-\d\d-\d\dT\d{6}$/.test(wanted)
    ? entries.filter(({ place }) => place.endsWith(`/${wanted}`))
    : idPrefix.test(wanted)
      ? entries.filter(({ header }) => header.id.startsWith(wanted))
      : [];
  // A weekly made from a daily has its id: the two are one snapshot.
  if (new Set(matches.map(({ header }) => header.id)).size > 1)
    throw ambiguous(matches.map(({ place }) => place));
  return newestFirst(matches)[0];
}

/** One from the future, where a wrong clock has put it, is the latest only when there is no other. */
function latestOf(entries: readonly SnapshotEntry[], now: number): SnapshotEntry | undefined {
  const complete = newestFirst(entries.filter((entry) => entry.complete));
  return complete.find(({ header }) => header.time <= now + FUTURE) ?? complete[0];
}

function bestOf(entries: readonly SnapshotEntry[]): SnapshotEntry | undefined {
  const newest = newestFirst(entries);
  return newest.find(({ complete }) => complete) ?? newest[0];
}

/** Of two places of one snapshot the daily comes first. */
function newestFirst(entries: readonly SnapshotEntry[]): readonly SnapshotEntry[] {
  const order = (entry: SnapshotEntry) => (entry.header.schedule === 'daily' ? 0 : 1);
  return [...entries].sort((a, b) => b.header.time - a.header.time || order(a) - order(b));
}

/** Empty where the header's time or zone can't be: such a snapshot is of no day. */
function dayIn({ header: { time, zone } }: SnapshotEntry): string {
  return isTimeZone(zone) && Math.abs(time) <= LAST_TIME ? dayOf(time, zone) : '';
}

function weekIn(entry: SnapshotEntry): string {
  const day = dayIn(entry);
  return day === '' ? '' : isoWeekOf(day);
}

/** the last millisecond that a Date can stand for */
const LAST_TIME = 8.64e15;
