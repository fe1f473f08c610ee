/** What is known of a snapshot as a whole. */
import type { RawPath } from '../base/raw-path.ts';
import type { SecretReference } from '../base/secret.ts';
import type { Trouble } from './trouble.ts';

/** The rhythm that a snapshot was taken in, and the folder of a plain vault that it lies in. */
export type Schedule = 'daily' | 'weekly' | 'safety';

/** What made a snapshot: its schedule, a person, or a restore that is about to overwrite something. */
export type Trigger = 'schedule' | 'manual' | 'safety';

export type ComponentKind = 'files' | 'postgres' | 'mysql' | 'docker-volume' | 'command';

/** Where a component came from, in absolute terms: a restore in place needs nothing else. */
export type Origin =
  | {
      readonly kind: 'files';
      /** `folder`: the content of the one root lies directly below the component; `list`: absolute paths below it */
      readonly layout: 'folder' | 'list';
      readonly roots: readonly string[];
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly oneFileSystem: boolean;
    }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly file: string }
  | ({ readonly kind: 'postgres' } & DatabaseOrigin)
  | ({
      readonly kind: 'mysql';
      /** all its databases as they were at one instant */
      readonly together: boolean;
    } & DatabaseOrigin)
  | {
      readonly kind: 'docker-volume';
      readonly volume: string;
      /** how long the containers that use it may stand still while it is read, in milliseconds; 0: they go on */
      readonly pause: number;
    };

export interface DatabaseOrigin {
  readonly server: ServerAddress;
  /** who logs in; the server's own first user when absent */
  readonly user?: string;
  readonly password?: SecretReference;
  /** `all`: those that the server has, without those of the server itself */
  readonly databases: 'all' | readonly string[];
}

/** How a database server is reached; without a port by its kind's usual one. */
export type ServerAddress =
  | { readonly via: 'docker'; readonly container: string; readonly port?: number }
  | { readonly via: 'socket'; readonly path: string; readonly port?: number }
  | { readonly via: 'tcp'; readonly host: string; readonly port?: number };

/** An origin as a snapshot keeps it: whoever can write to a vault must not choose commands for who restores from it. */
export function recordedOrigin(origin: Origin): Origin {
  if (!('password' in origin) || origin.password?.command === undefined) return origin;
  const { password: _command, ...recorded } = origin;
  return recorded;
}

/** What a capture found out about where it came from, for a restore to compare with or to make again. */
export interface ComponentFacts {
  /** product and version of a database server: `PostgreSQL 15.18` */
  readonly server?: string;
  readonly databases?: readonly DatabaseFacts[];
  readonly volume?: VolumeFacts;
}

export interface DatabaseFacts {
  readonly name: string;
  /** the file of the component that holds its dump: `usermgmt.sql` */
  readonly file: string;
  /** counted within the dump's own transaction */
  readonly tables: readonly TableCount[];
  /** how to make it anew, empty; a dump holds only what is in it */
  readonly definition: readonly NamedStatement[];
}

/** A statement on a database as what stands before and after the database's name, so that it serves under any name. */
export type NamedStatement = readonly [before: string, after: string];

export interface TableCount {
  /** with its schema, where the server has several in a database */
  readonly name: string;
  readonly rows: number;
}

export interface VolumeFacts {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ComponentSummary {
  readonly name: string;
  readonly origin: Origin;
  /** false: the component could not be captured, nothing of it is in the snapshot, and the snapshot is incomplete */
  readonly complete: boolean;
  readonly nodes: number;
  readonly files: number;
  /** bytes of logical content */
  readonly bytes: number;
  readonly facts?: ComponentFacts;
}

export interface SnapshotHeader {
  /** 32 hexadecimal digits, given at capture, the same in every copy */
  readonly id: string;
  readonly target: string;
  readonly host: string;
  /** when the capture began, in milliseconds since 1970 UTC */
  readonly time: number;
  /** the time zone that the snapshot's day is reckoned in */
  readonly zone: string;
  readonly schedule: Schedule;
  readonly trigger: Trigger;
  readonly hikae: string;
  readonly components: readonly ComponentSummary[];
  /** how many notes and problems there were, and the first of them */
  readonly notes: number;
  readonly problems: number;
  readonly troubles: readonly Trouble[];
}

/** A snapshot before it is written: its header without what only the capture can tell. */
export type SnapshotDraft = Omit<SnapshotHeader, 'components' | 'notes' | 'problems' | 'troubles'>;

/** True when every component is there; only such a snapshot counts for retention and is `latest`. */
export function isComplete(header: Pick<SnapshotHeader, 'components'>): boolean {
  return header.components.length > 0 && header.components.every((component) => component.complete);
}

/** A snapshot in a list: enough to choose one, without reading its nodes. */
export interface SnapshotEntry {
  /** its place in the vault, unique there: `daily/mail/2026-11-22` */
  readonly place: string;
  readonly header: SnapshotHeader;
  readonly complete: boolean;
  /** until when nobody may remove it, in milliseconds since 1970 UTC */
  readonly protectedUntil?: number;
}

/** A place in a vault that looks like a snapshot and can't be read as one. */
export interface UnreadableSnapshot {
  readonly place: string;
  readonly reason: Error;
}

/** Everything of a component lies below its name. */
export function componentOf(path: RawPath): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}
