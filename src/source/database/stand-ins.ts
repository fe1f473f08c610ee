/**
 * The names of databases that a restore in place leaves or would leave on a server, so that whoever finds one knows what
 * it is, and the next restore can tidy up after one that was killed.
 *
 * `new` is being loaded and worth nothing yet; `replaced` has been replaced and is about to be removed; `old` has been
 * replaced and is kept because somebody wanted it.
 */
export type StandInKind = 'new' | 'replaced' | 'old';

export interface StandIn {
  /** the database that it stands for; only how it begins where the name would have been too long */
  readonly of: string;
  readonly kind: StandInKind;
}

const form = /^(.*)_hikae_(new|replaced|old)_[0-9a-f]{8}$/su;

/** How long the name of a database may be. */
export interface LongestName {
  readonly length: number;
  /** bytes of UTF-8, or characters */
  readonly unit: 'bytes' | 'characters';
}

export function standInName(
  database: string,
  kind: StandInKind,
  random: Uint8Array,
  longest: LongestName,
): string {
  const suffix = `_hikae_${kind}_${Buffer.from(random).toString('hex').slice(0, 8)}`;
  const size = (text: string) => (longest.unit === 'bytes' ? Buffer.byteLength(text) : [...text].length);
  const letters = [...database];
  while (size(letters.join('') + suffix) > longest.length) letters.pop();
  return letters.join('') + suffix;
}

/** Undefined for the name of an ordinary database. */
export function standInOf(name: string): StandIn | undefined {
  const [, of, kind] = form.exec(name) ?? [];
  return of === undefined ? undefined : { of, kind: kind as StandInKind };
}

/** Names up to this many bytes are never shortened, whatever the kind of server. */
const NEVER_SHORTENED = 40;

/** Whether a stand-in was made for this database. */
export function standsFor({ of }: StandIn, database: string): boolean {
  return of === database || (Buffer.byteLength(database) > NEVER_SHORTENED && database.startsWith(of));
}
