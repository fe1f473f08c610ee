/**
 * What the vault remembers about its snapshots, as objects that are never changed: until when one is protected stands in a
 * name, and what was found damaged lies in one object for each finding. Nothing is lost between an old and a new one.
 */
import { z } from 'zod';
import { goQuote, goUnquote } from '../../../base/go-quoting.ts';
import type { RawPath } from '../../../base/raw-path.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import { OWN } from '../layout.ts';
import { sha256Of } from './fetched.ts';
import { removeObjects } from './removing.ts';

const PROTECTED = keyFrom(`${OWN}/protected`);
const DAMAGED = keyFrom(`${OWN}/damaged`);
const LARGEST = 256 * 1024 * 1024;

const damage = z.strictObject({ version: z.literal(1), damaged: z.array(z.string()) });

/** By place, in milliseconds since 1970 UTC; of several the latest. */
export async function readProtections(
  storage: Storage,
  options: CallOptions,
): Promise<ReadonlyMap<string, number>> {
  const until = new Map<string, number>();
  for (const { key, place, name } of await recordsIn(storage, PROTECTED, options)) {
    if (!/^\d{1,15}$/.test(name)) throw damagedRecord(storage, key, 'its name is no time');
    until.set(place, Math.max(until.get(place) ?? 0, Number(name)));
  }
  return until;
}

/** The new one is there before the old ones go: at every moment it is protected until the earlier of the two at least. */
export async function protectPlace(
  storage: Storage,
  place: string,
  until: number | undefined,
  options: CallOptions,
): Promise<void> {
  const folder = keyFrom(`${PROTECTED}/${place}`);
  const wanted = until === undefined ? undefined : keyFrom(`${folder}/${until}`);
  const there = (await recordsIn(storage, folder, options)).map(({ key }) => key);
  if (wanted !== undefined && !there.includes(wanted)) await storage.put(wanted, new Uint8Array(), options);
  for (const key of there) if (key !== wanted) await storage.remove(key, options);
}

/** Damaged files by the place of their snapshot. */
export async function readDamage(
  storage: Storage,
  options: CallOptions,
): Promise<ReadonlyMap<string, ReadonlySet<RawPath>>> {
  const found = new Map<string, Set<RawPath>>();
  for (const { key, place } of await recordsIn(storage, DAMAGED, options)) {
    const paths = found.get(place) ?? new Set();
    found.set(place, paths);
    for (const path of await readPaths(storage, key, options)) paths.add(path);
  }
  return found;
}

/** Adds what was found; `anew`: what was known before was looked at once more and is replaced. */
export async function recordDamage(
  storage: Storage,
  place: string,
  paths: ReadonlySet<RawPath>,
  { anew, ...options }: CallOptions & { readonly anew: boolean },
): Promise<void> {
  const folder = keyFrom(`${DAMAGED}/${place}`);
  const before = (await recordsIn(storage, folder, options)).map(({ key }) => key);
  let own: Key | undefined;
  if (paths.size > 0) {
    const record = { version: 1, damaged: [...paths].map(goQuote).sort() };
    const bytes = Buffer.from(`${JSON.stringify(record, undefined, 1)}\n`);
    own = keyFrom(`${folder}/${sha256Of(bytes)}`);
    if (!before.includes(own)) await storage.put(own, bytes, options);
  }
  if (anew) for (const key of before) if (key !== own) await storage.remove(key, options);
}

/** Of a snapshot that is gone nothing needs to be remembered. */
export async function forgetRecords(storage: Storage, place: string, options: CallOptions): Promise<void> {
  for (const kind of [DAMAGED, PROTECTED]) await removeObjects(storage, keyFrom(`${kind}/${place}`), options);
}

interface RecordKey {
  readonly key: Key;
  readonly place: string;
  readonly name: string;
}

async function recordsIn(storage: Storage, folder: Key, options: CallOptions): Promise<readonly RecordKey[]> {
  const records: RecordKey[] = [];
  for await (const batch of storage.list(folder, options)) {
    for (const { key } of batch) {
      const [, , ...rest] = key.split('/');
      const name = rest.pop() ?? '';
      records.push({ key, place: rest.join('/'), name });
    }
  }
  return records;
}

async function readPaths(storage: Storage, key: Key, options: CallOptions): Promise<readonly RawPath[]> {
  const bytes = await storage.read(key, { ...options, limit: LARGEST });
  try {
    return damage.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).damaged.map(goUnquote);
  } catch (error) {
    // To go on as if nothing were damaged would be the dangerous way to fail.
    throw damagedRecord(storage, key, error instanceof Error ? error.message : String(error));
  }
}

function damagedRecord(storage: Storage, key: Key, reason: string): Error {
  return vaultErrors.VAULT_DAMAGED({ path: `${storage.location}/${key}`, reason });
}
