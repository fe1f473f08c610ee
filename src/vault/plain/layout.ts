/**
 * Where things lie in a plain vault. `docs/formats/plain-vault.md` describes it for people.
 *
 *   <root>/.hikae/…                        what belongs to the vault as a whole
 *   <root>/<schedule>/<target>/<name>/…    one snapshot
 *   <root>/<schedule>/<target>/latest      symlink to the newest complete one
 */
import { dayOf, isoWeekOf, momentOf } from '../../base/calendar.ts';
import type { RawName, RawPath } from '../../base/raw-path.ts';
import type { Schedule } from '../../model/snapshot.ts';

export const schedules: readonly Schedule[] = ['daily', 'weekly', 'safety'];

/** The folder for hikae's own files: in the root of the vault, and in each snapshot. */
export const OWN = '.hikae' as RawName;
export const MANIFEST = 'manifest' as RawName;
export const NODES = 'nodes' as RawName;
export const POLICY = 'policy.yaml' as RawName;
export const CHECKSUMS = 'checksums.sha256' as RawName;
export const LATEST = 'latest' as RawName;

/** Behind the name of a snapshot that is being written, or was when its writer died. */
export const PARTIAL = '.partial';
/** Behind the name of a snapshot that is being removed: no longer one, whatever is left of it. */
export const REMOVING = '.removing';

export interface Place {
  readonly schedule: Schedule;
  readonly target: string;
  readonly name: string;
}

export function placeText(place: Place): string {
  return `${place.schedule}/${place.target}/${place.name}`;
}

export function parsePlace(text: string): Place | undefined {
  const [schedule, target, name, more] = text.split('/');
  const known = schedules.find((one) => one === schedule);
  if (known === undefined || target === undefined || name === undefined || more !== undefined)
    return undefined;
  return isTargetName(target) && isSnapshotName(name) ? { schedule: known, target, name } : undefined;
}

/** `2026-11-22`, `2026-11-22T153012` or `2026-W47`. */
export function isSnapshotName(name: string): boolean {
  return /^\d{4}-(?:\d\d-\d\d(?:T\d{6})?|W\d\d)$/.test(name);
}

export function isTargetName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(name);
}

/**
 * The names to try for a snapshot, best first: the day or the week, then the moment; should that second be
 * taken, the seconds after it.
 */
export function* snapshotNames(schedule: Schedule, time: number, zone: string): Generator<string> {
  const day = dayOf(time, zone);
  if (schedule === 'weekly') yield isoWeekOf(day);
  if (schedule === 'daily') yield day;
  for (let later = 0; later < 3600; later++) yield momentOf(time + later * 1000, zone);
}

export function below(...names: readonly string[]): RawPath {
  return names.join('/') as RawPath;
}
