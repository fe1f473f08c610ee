/** A repository that has something for a prune and, once it is damaged, for a repair; and what its snapshots hold. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vault } from '../../src/vault/vault.ts';
import { openTestRepository } from '../vault/restic-taking.ts';
import { dayTime, describeSnapshot, never, take, writing } from '../vault/taking.ts';
import { noise } from './failing-calls.ts';

/** By the place of each snapshot: its entries, with a hash of the content that was read back. */
export type States = ReadonlyMap<string, ReadonlyMap<string, string>>;

export async function statesOf(vault: Vault): Promise<States> {
  const { snapshots, unreadable } = await vault.list({ signal: never });
  assert.deepEqual(unreadable, []);
  const described = new Map<string, ReadonlyMap<string, string>>();
  for (const entry of snapshots) described.set(entry.place, await describeSnapshot(vault, entry));
  return described;
}

/** Two snapshots of a tree that is made at `root`, and the data of a third, part of which they need. */
export async function makeUntidy(repository: string, root: string): Promise<States> {
  mkdirSync(root);
  writeFileSync(join(root, 'kept'), noise(5_000_000, 'kept'));
  const vault = await openTestRepository(repository);
  await take(vault, { root });
  for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), noise(300_000, name));
  await take(vault, { root, time: dayTime(1) });
  unlinkSync(join(root, 'a'));
  await take(vault, { root, time: dayTime(2) });
  const { snapshots } = await vault.list({ signal: never });
  await writing(vault, async (writable) => {
    for (const entry of snapshots)
      if (entry.header.time === dayTime(1)) await writable.remove(entry, { signal: never });
  });
  const states = await statesOf(vault);
  await vault.close();
  return states;
}

/** One pack is lost, of another the beginning is gone, and so is an index. */
export function damage(repository: string): void {
  const packs = objects(repository, 'data');
  unlinkSync(packs[0] as string);
  writeFileSync(packs[1] as string, Buffer.alloc(100), { flag: 'r+' });
  unlinkSync(objects(repository, 'index')[0] as string);
}

/** The largest first. */
function objects(repository: string, kind: string): string[] {
  return readdirSync(join(repository, kind), { recursive: true, encoding: 'utf8' })
    .map((name) => join(repository, kind, name))
    .filter((path) => statSync(path).isFile())
    .sort((left, right) => statSync(right).size - statSync(left).size);
}
