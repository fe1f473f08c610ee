/** Verifying snapshots that lie elsewhere: what is there against the manifest, and the contents against their hashes. */
import { createHash } from 'node:crypto';
import { isHikaeError } from '../../../base/errors.ts';
import { goQuote } from '../../../base/go-quoting.ts';
import { type RawPath, rawFromText } from '../../../base/raw-path.ts';
import type { Finding, FindingKind, VerifyLevel } from '../../../model/finding.ts';
import type { Node } from '../../../model/node.ts';
import type { SnapshotEntry } from '../../../model/snapshot.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { seededRandom } from '../../seeded-random.ts';
import type { VerifyOptions, VerifyResult } from '../../vault.ts';
import { ChecksumsCheck } from '../checksums-check.ts';
import type { Flaw } from '../flaw.ts';
import { below, CHECKSUMS, MANIFEST, OWN, POLICY } from '../layout.ts';
import { Manifest } from '../manifest.ts';
import { hashIfThere } from '../manifest-file.ts';
import { packedFlaw } from '../stored-content.ts';
import { storedAs } from '../stored-form.ts';
import { Budget } from './budget.ts';
import { fetchTo, manifestIn, sha256Of } from './fetched.ts';
import { listedNameOf, objectKeyOf } from './object-names.ts';
import { recordDamage } from './records.ts';
import { Spool } from './spool.ts';
import type { VaultParts } from './vault-parts.ts';

/** These make a stored file unfit to be shared with a later snapshot. */
const recorded: ReadonlySet<FindingKind> = new Set(['content', 'size', 'unreadable']);
/** Of a sample no more files than these are remembered. */
const SAMPLE = 20_000;
/** Files that are read at a time are bounded by calls alone: each takes a piece of memory. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;

export async function verifySnapshots(
  parts: VaultParts,
  entries: readonly SnapshotEntry[],
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { level, emit, signal, sample } = options;
  // One for all snapshots: the time is what the caller has, however many there are.
  const deadline = sample === undefined ? undefined : AbortSignal.timeout(sample.seconds * 1000);
  const findings: Finding[] = [];
  const checked = { snapshots: 0, nodes: 0, files: 0, bytes: 0 };
  expectWork(entries, options);
  // The newest first: it is what a restore would take.
  for (const entry of [...entries].reverse()) {
    const damaged = new Set<RawPath>();
    const report = ({ kind, path, reason }: Flaw) => {
      const finding = { kind, places: [entry.place], path: goQuote(path), reason };
      findings.push(finding);
      emit({ type: 'finding', vault: parts.storage.location, finding });
      if (recorded.has(kind) && path !== '') damaged.add(path);
    };
    const check = new SnapshotCheck(parts, entry, { ...options, report, deadline });
    const counts = await check.run();
    checked.snapshots += 1;
    checked.nodes += counts.nodes;
    checked.files += counts.files;
    checked.bytes += counts.bytes;
    await record(parts.storage, entry, damaged, { level, signal });
  }
  return { findings, checked };
}

/** A full verification knows everything of the snapshots it read; a lesser one only adds. */
async function record(
  storage: Storage,
  { place }: SnapshotEntry,
  damaged: ReadonlySet<RawPath>,
  { level, signal }: CallOptions & { readonly level: VerifyLevel },
): Promise<void> {
  try {
    await recordDamage(storage, place, damaged, { anew: level === 'full', signal });
  } catch (error) {
    // Verifying with keys that may only read is fine: it is told all the same.
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
  }
}

function expectWork(entries: readonly SnapshotEntry[], { level, emit }: VerifyOptions): void {
  const all = entries.flatMap(({ header }) => header.components);
  const files = all.reduce((sum, { nodes }) => sum + nodes, 0);
  const bytes = level === 'full' ? all.reduce((sum, { bytes: size }) => sum + size, 0) : 0;
  emit({ type: 'phase', phase: 'verifying' });
  emit({ type: 'work.expected', files, bytes, exact: level !== 'full' });
}

interface CheckOptions extends VerifyOptions {
  readonly report: (flaw: Flaw) => void;
  readonly deadline: AbortSignal | undefined;
}

class SnapshotCheck {
  readonly #parts: VaultParts;
  readonly #entry: SnapshotEntry;
  readonly #folder: Key;
  readonly #options: CheckOptions;
  readonly #spool: Spool;
  readonly #budget: Budget;
  readonly #random: () => number;
  readonly #sample: Node[] = [];
  readonly #counts = { nodes: 0, files: 0, bytes: 0 };
  #considered = 0;

  constructor(parts: VaultParts, entry: SnapshotEntry, options: CheckOptions) {
    this.#parts = parts;
    this.#entry = entry;
    this.#folder = keyFrom(entry.place);
    this.#options = options;
    this.#spool = new Spool(parts.spool);
    this.#budget = new Budget({ calls: parts.storage.capabilities.parallel, bytes: NO_BOUND });
    this.#random = seededRandom(options.sample?.seed ?? 0);
  }

  async run(): Promise<{ readonly nodes: number; readonly files: number; readonly bytes: number }> {
    const { report, signal } = this.#options;
    try {
      await this.#compare();
      await this.#readSample();
      await this.#budget.finish();
      return this.#counts;
    } catch (error) {
      await this.#budget.stop();
      signal.throwIfAborted();
      if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE')) throw error;
      report({ kind: 'manifest', path: '' as RawPath, reason: String(error.details.reason) });
      return this.#counts;
    } finally {
      this.#spool.close();
    }
  }

  /** What is there against the manifest, and the manifest against the checksums. */
  async #compare(): Promise<void> {
    const { report, emit, signal } = this.#options;
    const { storage } = this.#parts;
    const there = await this.#sizes();
    const path = await fetchTo(this.#spool, storage, [manifestIn(this.#folder)], { signal });
    const checksums = new ChecksumsCheck(await this.#fetchChecksums(there), report);
    const manifest = Manifest.open(path, this.#entry.place);
    try {
      for await (const batch of manifest.nodes(signal)) {
        for (const node of batch) {
          if (node.type !== 'file') continue;
          const stored = storedAs(node);
          checksums.expect({ path: listedNameOf(stored.path), sha256: stored.sha256 });
          await this.#checkFile(node, there);
        }
        this.#counts.nodes += batch.length;
        emit({ type: 'work.done', files: batch.length, bytes: 0, unchanged: 0, changed: 0 });
      }
      checksums.finish(await this.#ownHashes(path, there));
    } finally {
      checksums.close();
      manifest.close();
    }
    for (const own of [below(OWN, MANIFEST), below(OWN, POLICY), CHECKSUMS])
      there.delete(objectKeyOf(this.#folder, own));
    for (const key of there.keys()) {
      const name = rawFromText(key.slice(this.#folder.length + 1));
      report({ kind: 'extra', path: name, reason: 'no node accounts for it' });
    }
  }

  async #sizes(): Promise<Map<Key, number>> {
    const sizes = new Map<Key, number>();
    const { signal } = this.#options;
    for await (const batch of this.#parts.storage.list(this.#folder, { signal }))
      for (const { key, size } of batch) sizes.set(key, size);
    return sizes;
  }

  async #fetchChecksums(there: ReadonlyMap<Key, number>): Promise<string> {
    const key = objectKeyOf(this.#folder, CHECKSUMS);
    // Of one that is missing the path that nothing lies at says so.
    if (!there.has(key)) return this.#spool.next();
    return fetchTo(this.#spool, this.#parts.storage, [key], { signal: this.#options.signal });
  }

  async #ownHashes(manifest: string, there: ReadonlyMap<Key, number>): Promise<Map<string, string>> {
    const hashes = new Map<string, string>([[below(OWN, MANIFEST), hashIfThere(manifest) ?? '']]);
    const policy = objectKeyOf(this.#folder, below(OWN, POLICY));
    const size = there.get(policy);
    if (size !== undefined) {
      const options = { limit: size, signal: this.#options.signal };
      hashes.set(below(OWN, POLICY), sha256Of(await this.#parts.storage.read(policy, options)));
    }
    return hashes;
  }

  /** Its object is there with its size; then it is read, or kept for the sample, as the level says. */
  async #checkFile(node: Node, there: Map<Key, number>): Promise<void> {
    const { report, level } = this.#options;
    const { path } = node;
    const stored = storedAs(node);
    const key = objectKeyOf(this.#folder, stored.path);
    const size = there.get(key);
    there.delete(key);
    if (size === undefined) report({ kind: 'missing', path, reason: 'no object there' });
    else if (size !== stored.size)
      report({ kind: 'size', path, reason: `${size} bytes in place of ${stored.size}` });
    else if (level === 'sample') this.#consider(node);
    else if (level === 'full') {
      this.#budget.add(0, () => this.#readBack(node));
      await this.#budget.room();
    }
  }

  /** Keeps the file for the sample with the chance that makes every choice equally likely (reservoir sampling). */
  #consider(node: Node): void {
    this.#considered += 1;
    if (this.#sample.length < SAMPLE) {
      this.#sample.push(node);
      return;
    }
    const at = Math.floor(this.#random() * this.#considered);
    if (at < SAMPLE) this.#sample[at] = node;
  }

  async #readSample(): Promise<void> {
    const { deadline } = this.#options;
    for (let left = this.#sample.length; left > 0 && deadline?.aborted === false; left--) {
      const at = Math.floor(this.#random() * left);
      const chosen = this.#sample[at] as Node;
      this.#sample[at] = this.#sample[left - 1] as Node;
      this.#budget.add(0, () => this.#readBack(chosen));
      await this.#budget.room();
    }
  }

  async #readBack(node: Node): Promise<void> {
    const { report, emit, level, signal } = this.#options;
    const { path, size } = node;
    try {
      const reason = await this.#flawOf(node, level === 'full', signal);
      if (reason !== undefined) report({ kind: 'content', path, reason });
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_TOO_SHORT', 'STORAGE_FAILED')) throw error;
      report({ kind: 'unreadable', path, reason: error.message });
    }
    this.#counts.files += 1;
    this.#counts.bytes += size;
    emit({ type: 'work.done', files: 0, bytes: size, unchanged: 0, changed: 0 });
  }

  async #flawOf(node: Node, unpacks: boolean, signal: AbortSignal): Promise<string | undefined> {
    const stored = storedAs(node);
    const pieces = this.#parts.storage.stream(objectKeyOf(this.#folder, stored.path), { signal });
    if (unpacks && node.stored !== undefined) return packedFlaw(pieces, node, { signal });
    const hash = createHash('sha256');
    for await (const piece of pieces) hash.update(piece);
    return hash.digest('hex') === stored.sha256 ? undefined : 'its bytes hash to something else';
  }
}
