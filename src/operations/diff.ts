/** diff: what changed from one snapshot to another. */
import { isDeepStrictEqual } from 'node:util';
import { compareRawPaths } from '../base/raw-path.ts';
import type { Node } from '../model/node.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import type { Parts } from './parts.ts';
import { type ChosenSnapshot, type LookOptions, readSnapshot, type SnapshotSpec } from './select.ts';
import { withHashes } from './whole-hashes.ts';

/** What of an entry differs. A type that differs says all: the rest is then not compared. */
export type Difference = 'type' | 'content' | 'mode' | 'owner' | 'mtime' | 'target' | 'xattrs' | 'hardlink';

export type Change =
  | { readonly kind: 'added'; readonly after: Node }
  | { readonly kind: 'removed'; readonly before: Node }
  | {
      readonly kind: 'changed';
      readonly before: Node;
      readonly after: Node;
      readonly differences: readonly Difference[];
    };

export interface DiffSummary {
  readonly added: Tally;
  readonly removed: Tally;
  readonly changed: Tally;
  readonly unchanged: Tally;
}

interface Tally {
  readonly nodes: number;
  /** of the content that is new, gone, changed (as it is now) or the same */
  readonly bytes: number;
}

export interface DiffRequest extends LookOptions {
  readonly before: SnapshotSpec;
  readonly after: SnapshotSpec;
}

export interface DiffedSnapshots {
  readonly before: ChosenSnapshot;
  readonly after: ChosenSnapshot;
  /** to be read once, in the order of paths */
  readonly changes: AsyncIterable<readonly Change[]>;
  /** complete when `changes` has been read */
  summary(): DiffSummary;
}

export async function diffSnapshots<Result>(
  { before, after, ...look }: DiffRequest,
  parts: Parts,
  show: (diffed: DiffedSnapshots) => Promise<Result>,
): Promise<Result> {
  const { signal } = parts;
  return readSnapshot(before, look, parts, (left, leftChosen) =>
    readSnapshot(after, look, parts, (right, rightChosen) => {
      const isOneVault = leftChosen.opened.vault.identity.id === rightChosen.opened.vault.identity.id;
      const counts = new Counts((one, other) =>
        isSameContent([left, one], [right, other], isOneVault, signal),
      );
      const changes = counts.of(mergeNodes(left.nodes({ signal }), right.nodes({ signal })));
      return show({ before: leftChosen, after: rightChosen, changes, summary: () => counts.summary() });
    }),
  );
}

type Pair = { readonly before?: Node; readonly after?: Node };

/** Walks along two lists of nodes at once, both in the order of paths; holds one batch of each. */
export async function* mergeNodes(
  left: AsyncIterable<readonly Node[]>,
  right: AsyncIterable<readonly Node[]>,
): AsyncGenerator<readonly Pair[]> {
  await using before = new Cursor(left);
  await using after = new Cursor(right);
  let pairs: Pair[] = [];
  while (true) {
    // Only where a batch has ended is there anything to wait for.
    if (before.exhausted) await before.advance();
    if (after.exhausted) await after.advance();
    const { current: old } = before;
    const { current: now } = after;
    if (old === undefined && now === undefined) break;
    const order = old === undefined ? 1 : now === undefined ? -1 : compareRawPaths(old.path, now.path);
    pairs.push({
      ...(order <= 0 && old !== undefined ? { before: old } : {}),
      ...(order >= 0 && now !== undefined ? { after: now } : {}),
    });
    if (order <= 0) before.step();
    if (order >= 0) after.step();
    if (pairs.length < BATCH) continue;
    yield pairs;
    pairs = [];
  }
  yield pairs;
}

const BATCH = 256;

class Cursor implements AsyncDisposable {
  readonly #batches: AsyncIterator<readonly Node[]>;
  #batch: readonly Node[] = [];
  #at = 0;
  #done = false;

  constructor(batches: AsyncIterable<readonly Node[]>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  get exhausted(): boolean {
    return !this.#done && this.#at >= this.#batch.length;
  }

  get current(): Node | undefined {
    return this.#batch[this.#at];
  }

  step(): void {
    this.#at += 1;
  }

  async advance(): Promise<void> {
    while (this.exhausted) {
      const next = await this.#batches.next();
      this.#batch = next.done ? [] : next.value;
      this.#done = next.done ?? false;
      this.#at = 0;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batches.return?.();
  }
}

type SameContent = (before: Node, after: Node) => boolean | Promise<boolean>;

/** Where the hash of a whole content is not known its parts tell, and where these can't be compared both are read. */
function isSameContent(
  [left, before]: readonly [SnapshotReader, Node],
  [right, after]: readonly [SnapshotReader, Node],
  isOneVault: boolean,
  signal: AbortSignal,
): boolean | Promise<boolean> {
  if (before.sha256 !== undefined && after.sha256 !== undefined) return before.sha256 === after.sha256;
  if (before.size !== after.size || before.type !== 'file' || after.type !== 'file')
    return before.sha256 === after.sha256;
  const [one, other] = [left.parts?.(before), right.parts?.(after)];
  if (isOneVault && one !== undefined && other !== undefined) return isDeepStrictEqual(one, other);
  return isSameWhenRead([left, before], [right, after], signal);
}

async function isSameWhenRead(
  before: readonly [SnapshotReader, Node],
  after: readonly [SnapshotReader, Node],
  signal: AbortSignal,
): Promise<boolean> {
  const [one, other] = await withHashes(before, after, signal);
  return one.sha256 === other.sha256;
}

class Counts {
  readonly #isSame: SameContent;
  readonly #tallies = {
    added: { nodes: 0, bytes: 0 },
    removed: { nodes: 0, bytes: 0 },
    changed: { nodes: 0, bytes: 0 },
    unchanged: { nodes: 0, bytes: 0 },
  };

  constructor(isSame: SameContent) {
    this.#isSame = isSame;
  }

  async *of(pairs: AsyncIterable<readonly Pair[]>): AsyncGenerator<readonly Change[]> {
    for await (const batch of pairs) {
      const changes: Change[] = [];
      for (const pair of batch) {
        const { before, after } = pair;
        const same = before === undefined || after === undefined || this.#isSame(before, after);
        changes.push(...this.#changeOf(pair, typeof same === 'boolean' ? same : await same));
      }
      yield changes;
    }
  }

  summary(): DiffSummary {
    return this.#tallies;
  }

  #changeOf({ before, after }: Pair, same: boolean): Change[] {
    if (after === undefined) {
      if (before === undefined) return [];
      this.#count('removed', before.size);
      return [{ kind: 'removed', before }];
    }
    if (before === undefined) {
      this.#count('added', after.size);
      return [{ kind: 'added', after }];
    }
    const differences = differencesOf(before, after, same);
    if (differences.length === 0) {
      this.#count('unchanged', after.size);
      return [];
    }
    const rewritten = differences.includes('content') || differences.includes('type');
    this.#count('changed', rewritten ? after.size : 0);
    return [{ kind: 'changed', before, after, differences }];
  }

  #count(kind: keyof DiffSummary, bytes: number): void {
    this.#tallies[kind].nodes += 1;
    this.#tallies[kind].bytes += bytes;
  }
}

export function differencesOf(
  before: Node,
  after: Node,
  isSame = before.sha256 === after.sha256,
): readonly Difference[] {
  if (before.type !== after.type || before.rdev !== after.rdev) return ['type'];
  const differs: readonly (readonly [Difference, boolean])[] = [
    ['content', before.size !== after.size || !isSame],
    ['target', before.target !== after.target],
    ['mode', before.mode !== after.mode],
    ['owner', before.uid !== after.uid || before.gid !== after.gid],
    ['mtime', before.mtime !== after.mtime],
    ['xattrs', !sameXattrs(before, after)],
    ['hardlink', before.hardlink !== after.hardlink],
  ];
  return differs.filter(([, isDifferent]) => isDifferent).map(([difference]) => difference);
}

/** The order in which a file system lists them means nothing. */
function sameXattrs({ xattrs: before }: Node, { xattrs: after }: Node): boolean {
  if (before.length !== after.length) return false;
  return before.every(({ name, value }) =>
    after.some((other) => other.name === name && other.value.equals(value)),
  );
}
