/** All checks of a medium, one after the other, and what came of each. */

import { isHikaeError } from '../../base/errors.ts';
import type { Bilingual } from '../../base/language.ts';
import { type Key, keyFrom } from '../storage.ts';
import { type CheckFacts, CheckFailed, type CheckPlace, type StorageCheck } from './check.ts';
import { mediaChecks } from './media.ts';
import { objectChecks } from './objects.ts';

export type { CheckPlace, StorageCheck };

export const storageChecks: readonly StorageCheck[] = [...objectChecks, ...mediaChecks];

export interface CheckEnd {
  readonly name: string;
  /** `refused`: these keys may not remove what it put; `not-asked`: the medium knows nothing of the kind */
  readonly end: 'kept' | 'broken' | 'refused' | 'not-asked';
  readonly seconds: number;
  readonly what: Bilingual;
  /** why it matters and what to do, where it does not hold */
  readonly why?: Bilingual;
  readonly mend?: Bilingual;
  /** what was found, where it does not hold */
  readonly reason?: string;
  readonly facts?: CheckFacts;
  readonly told?: Bilingual;
}

/** All of them, or those that are named. */
export async function* runStorageChecks(
  place: CheckPlace,
  names: readonly string[] = storageChecks.map(({ name }) => name),
): AsyncGenerator<CheckEnd> {
  for (const check of storageChecks.filter(({ name }) => names.includes(name))) {
    const folder = keyFrom(`${place.folder}/${check.name}`);
    try {
      yield await runCheck(check, { ...place, folder });
    } finally {
      await tidy(place, folder);
    }
  }
}

/** What is no fault of the medium, such as the signal, is thrown. */
async function runCheck(check: StorageCheck, place: CheckPlace): Promise<CheckEnd> {
  const { name, what, why, mend, told } = check;
  if (check.applies?.(place) === false) return { name, what, end: 'not-asked', seconds: 0 };
  const began = place.clock.elapsed();
  const seconds = () => place.clock.elapsed() - began;
  try {
    const facts = await check.run(place);
    const measured = facts === undefined || told === undefined ? {} : { facts, told };
    return { name, what, end: 'kept', seconds: seconds(), ...measured };
  } catch (error) {
    place.signal.throwIfAborted();
    if (!(error instanceof CheckFailed) && !isHikaeError(error)) throw error;
    // Who must not delete may still be a good uploader; who may not put or read is none.
    const refused = isHikaeError(error, 'STORAGE_REFUSED') && error.details.operation === 'remove';
    const end = refused ? 'refused' : 'broken';
    return { name, what, why, mend, end, seconds: seconds(), reason: error.message };
  }
}

/** As far as these keys may; the rest is seen to at the end. */
async function tidy({ storage, signal }: CheckPlace, folder: Key): Promise<void> {
  if (signal.aborted) return;
  try {
    for await (const batch of storage.list(folder, { signal }))
      await Promise.all(batch.map(({ key }) => storage.remove(key, { durable: 'at-sync', signal })));
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
  }
}
