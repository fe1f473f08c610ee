/** What the policy asks of a bucket: the yardstick of every check, and the aim of every step. Values only. */

export interface Wanted {
  /** the vault's name in the policy */
  readonly vault: string;
  readonly kind: 'plain' | 'restic';
  readonly bucket: string;
  /** '' or a path without a slash at either end */
  readonly prefix: string;
  readonly region: string;
  /** false: another server that speaks S3, where accounts, roles and alarms of AWS do not exist */
  readonly aws: boolean;
  readonly lock: WantedLock | undefined;
  /** days back from which snapshots are kept; data of that age is in use */
  readonly kept: number;
}

export interface WantedLock {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  /** how long a snapshot is promised to stay, and how much longer an object may be locked at most */
  readonly days: number;
  readonly generation: number;
}

/** Where tamper tests put their sacrificial objects: beside every vault of the bucket, since each may test. */
export const TAMPER_TESTS = 'hikae-tamper-test/';

/** The bucket itself, and objects in it, as policies name them. */
export const bucketArn = ({ bucket }: Pick<Wanted, 'bucket'>) => `arn:aws:s3:::${bucket}`;
export const objectArn = (wanted: Pick<Wanted, 'bucket'>, key: string) => `${bucketArn(wanted)}/${key}`;

/** The vault's part of the bucket: '' or a path that ends with a slash. */
export function rootOf({ prefix }: Pick<Wanted, 'prefix'>): string {
  return prefix === '' ? '' : `${prefix}/`;
}

/** Folders and files below the root whose objects are written once and have to stay. Locks of repositories come and go. */
export function lastingParts({ kind }: Pick<Wanted, 'kind'>): readonly string[] {
  return kind === 'restic'
    ? ['config', 'keys/*', 'data/*', 'index/*', 'snapshots/*']
    : ['.hikae/vault.json', 'daily/*', 'weekly/*'];
}

/** Where a vault keeps who is at work with it: objects that live for minutes. */
export function locksFolder(wanted: Pick<Wanted, 'kind' | 'prefix'>): string {
  return `${rootOf(wanted)}${wanted.kind === 'restic' ? 'locks/' : '.hikae/locks/'}`;
}

/** What whoever uploads also takes away again: the locks, and a plain vault's notes of what it is doing. */
export function ownNotes({ kind }: Pick<Wanted, 'kind'>): readonly string[] {
  return kind === 'restic'
    ? ['locks/*']
    : ['locks', 'done', 'unfinished', 'removing', 'protected', 'damaged'].map((name) => `.hikae/${name}/*`);
}
