/**
 * How a snapshot comes to be seen, and goes, where there are only objects. Two ways keep the same promises: a medium with
 * folders moves a whole one at once; on any other the manifest, written last, makes a snapshot of what lies there.
 */
import type { Schedule } from '../../../model/snapshot.ts';
import type { CallOptions, Key } from '../../../storage/storage.ts';
import type { Place } from '../layout.ts';

export type PlaceState = 'published' | 'partial' | 'removing';

export interface FoundPlace {
  readonly place: Place;
  readonly state: PlaceState;
  /** where its objects lie */
  readonly folder: Key;
  /** it is published, and its writer died before it took away what says that it isn't */
  readonly isMarked?: true;
}

export type TargetOfSchedule = Pick<Place, 'schedule' | 'target'>;

export interface Placing {
  /** What there is of a target, of whatever state; of snapshots that were moved or marked by others as well. */
  find(schedule: Schedule, target: string, options: CallOptions): Promise<readonly FoundPlace[]>;
  /** The same of several. */
  findAll(targets: readonly TargetOfSchedule[], options: CallOptions): Promise<readonly FoundPlace[]>;
  /** Where the snapshot grows. From here on it counts as partial. */
  start(place: Place, options: CallOptions): Promise<Key>;
  /** Makes a snapshot of what has grown; `complete` puts its manifest into the folder. Everything is durable then. */
  publish(place: Place, complete: () => Promise<void>, options: CallOptions): Promise<void>;
  /** From here on it is no snapshot. Gives where it lies now. */
  withdraw(place: Place, options: CallOptions): Promise<Key>;
  /** It is one again. */
  putBack(place: Place, options: CallOptions): Promise<void>;
  /** Takes away what was left to be said of one that is published. */
  settle(place: Place, options: CallOptions): Promise<void>;
  /** Removes what is left of one that is partial or withdrawn. */
  clear(found: FoundPlace, options: CallOptions): Promise<void>;
}
