/** What an attack is, and what the server may answer to it. */
import assert from 'node:assert/strict';
import type { Bilingual } from '../../src/base/language.ts';
import type { ProofFlaw } from '../../src/model/proof.ts';
import type { CleanHost } from './clean-host.ts';
import type { Field } from './ground.ts';

export interface Attack {
  readonly name: string;
  readonly title: Bilingual;
  /** whose keys it takes: those on the host, or those of whoever owns the bucket, which no host has */
  readonly keys: 'uploader' | 'owner';
  readonly answer: 'refused' | 'taken';
  /** how what was there before is read afterwards */
  readonly reading: 'as ever' | 'as of';
  /** what prove has to say of the newest snapshot then */
  readonly flaws: readonly ProofFlaw[];
  /** Does it, and asserts the server's answers. */
  readonly attempt: (field: Field) => Promise<void>;
  /** what has to hold besides, seen from a clean host */
  readonly afterwards?: (field: Field, host: CleanHost) => Promise<void>;
}

export async function refused(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
    return status >= 400 && status < 500;
  });
}

/** So many at a time. */
export async function each<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<unknown>,
  lanes = 16,
): Promise<void> {
  const waiting = [...items].map((item) => ({ item }));
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next.item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
