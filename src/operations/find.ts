/** find: in which snapshots a file is, and in which versions. */
import { hash } from 'node:crypto';
import { isHikaeError } from '../base/errors.ts';
import type { RawPath } from '../base/raw-path.ts';
import type { Node } from '../model/node.ts';
import type { Outcome } from '../model/run.ts';
import { componentOf, type SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { openPathTest, type PathTest } from '../source/source.ts';
import type { OpenedVault, Parts } from './parts.ts';
import { inEachVault, vaultsToLookIn } from './reach.ts';
import type { LookOptions } from './select.ts';
import { tellUnreadable } from './unreadable.ts';

export interface FindRequest extends LookOptions {
  /** a glob, anchored as `exclude` is: with a slash at the component's root, without one at any depth */
  readonly pattern: string;
  /** all when absent */
  readonly target?: string | undefined;
}

/** One version of an entry: the same in type, size, time and content from the first of its snapshots to the last. */
export interface FoundVersion {
  readonly vault: string;
  readonly target: string;
  readonly node: Node;
  readonly first: SnapshotEntry;
  readonly last: SnapshotEntry;
  readonly snapshots: number;
}

export interface FindResult {
  /** `partial` when a vault or a snapshot could not be searched */
  readonly outcome: Outcome;
  readonly searched: number;
  /** by vault, target and path, the oldest version first */
  readonly versions: readonly FoundVersion[];
}

export async function findVersions(
  { pattern, target, vault: named, asOf = Number.POSITIVE_INFINITY }: FindRequest,
  parts: Parts,
): Promise<FindResult> {
  const { signal } = parts;
  const test = await openPathTest(pattern);
  const filter = target === undefined ? {} : { target };
  const reached = await inEachVault(vaultsToLookIn(named, parts), parts, async (opened) => {
    const { snapshots, unreadable } = await opened.vault.list({ ...filter, signal });
    tellUnreadable(opened.name, unreadable, parts);
    const search = new Search(opened, test, parts);
    for (const entry of snapshots) if (entry.header.time <= asOf) await search.look(entry);
    return { ...search.result(), whole: unreadable.length === 0 && search.skipped === 0 };
  });
  const found = reached.flatMap((one) => ('result' in one ? [one.result] : []));
  for (const one of reached) {
    if ('result' in one) continue;
    parts.emit({
      type: 'warning',
      code: 'next-vault',
      facts: { vault: one.vault, reason: one.error.message },
    });
  }
  const whole = found.length === reached.length && found.every((one) => one.whole);
  return {
    outcome: whole ? 'succeeded' : 'partial',
    searched: found.reduce((sum, { searched }) => sum + searched, 0),
    versions: found.flatMap(({ versions }) => versions),
  };
}

type Version = { -readonly [Key in keyof FoundVersion]: FoundVersion[Key] };

/** What was found in one vault. Memory grows with what is found, not with what is searched. */
class Search {
  readonly #opened: OpenedVault;
  readonly #test: PathTest;
  readonly #parts: Parts;
  readonly #versions = new Map<string, Version>();
  #searched = 0;
  skipped = 0;

  constructor(opened: OpenedVault, test: PathTest, parts: Parts) {
    this.#opened = opened;
    this.#test = test;
    this.#parts = parts;
  }

  result(): { readonly searched: number; readonly versions: readonly FoundVersion[] } {
    const place = ({ target, node }: Version) => `${target}/${node.path}`;
    const versions = [...this.#versions.values()].sort((a, b) =>
      place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : a.first.header.time - b.first.header.time,
    );
    return { searched: this.#searched, versions };
  }

  /** A snapshot that can't be read to its end is told, and what was found in it up to there stays. */
  async look(entry: SnapshotEntry): Promise<void> {
    const { name, vault } = this.#opened;
    const { signal, emit } = this.#parts;
    const reader = await vault.open(entry, { signal });
    try {
      for await (const batch of reader.nodes({ signal }))
        for (const node of batch) this.#consider(node, entry, reader);
      this.#searched += 1;
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE')) throw error;
      this.skipped += 1;
      const facts = { vault: name, place: entry.place, reason: error.message };
      emit({ type: 'warning', code: 'snapshot-unreadable', facts });
    } finally {
      await reader.close();
    }
  }

  #consider(node: Node, entry: SnapshotEntry, reader: SnapshotReader): void {
    const component = componentOf(node.path);
    const path = node.path.slice(component.length + 1) as RawPath;
    if (path === '' || !this.#test(path, node.type === 'dir')) return;
    const { target } = entry.header;
    const { type, size, mtime, sha256 = partsOf(node, reader), target: leadsTo = '' } = node;
    const key = JSON.stringify([target, node.path, type, size, String(mtime), sha256, leadsTo]);
    const known = this.#versions.get(key);
    if (known === undefined) {
      const { name: vault } = this.#opened;
      this.#versions.set(key, { vault, target, node, first: entry, last: entry, snapshots: 1 });
    } else {
      known.last = entry;
      known.snapshots += 1;
    }
  }
}

/** Stands for a content whose whole has no hash; short, however large the file is. */
function partsOf(node: Node, reader: SnapshotReader): string {
  const parts = node.inParts === true ? reader.parts?.(node) : undefined;
  return parts === undefined ? '' : hash('sha256', parts.join(' '));
}
