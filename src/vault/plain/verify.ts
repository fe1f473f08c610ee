/**
 * Verifying snapshots of a plain vault: the folders against the manifest, and the stored files against their hashes.
 * A file that several snapshots share is read once and named for all of them.
 */

import { isHikaeError, systemCode } from '../../base/errors.ts';
import { goQuote, goUnquote } from '../../base/go-quoting.ts';
import type { RawPath } from '../../base/raw-path.ts';
import type { Emit } from '../../model/events.ts';
import type { Finding, FindingKind } from '../../model/finding.ts';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import type { VerifyOptions, VerifyResult } from '../vault.ts';
import { ContentCheck, type StoredFile } from './content-check.ts';
import { openFilePool } from './file-pool.ts';
import type { Flaw } from './flaw.ts';
import { listSnapshots } from './listing.ts';
import { changeDamage } from './records.ts';
import { sharersOf } from './sharing.ts';
import { checkStructure } from './structure-check.ts';
import type { VaultFile } from './vault-file.ts';

/** These make a stored file unfit to be shared with a later snapshot. */
const recorded: ReadonlySet<FindingKind> = new Set(['content', 'size', 'attribute', 'unreadable']);

export async function verifySnapshots(
  root: string,
  file: VaultFile,
  entries: readonly SnapshotEntry[],
  options: VerifyOptions & {
    readonly threads: number;
    /** false for who mends what is found, and then records what is left */
    readonly record?: boolean;
  },
): Promise<VerifyResult> {
  const { level, emit, signal } = options;
  const pool = openFilePool({ threads: options.threads, keeps: file.keeps });
  const stop = () => pool.stop();
  signal.addEventListener('abort', stop, { once: true });
  // One for all snapshots: the time is what the caller has, however many there are.
  const deadline =
    options.sample === undefined ? undefined : AbortSignal.timeout(options.sample.seconds * 1000);
  const findings: Finding[] = [];
  const checked = { snapshots: 0, nodes: 0, files: 0, bytes: 0 };
  expectWork(entries, level, emit);
  try {
    // The newest first; of an older one only what it doesn't share with the next newer one is read.
    const whole: SnapshotEntry[] = [];
    for (const entry of [...entries].reverse()) {
      const report = (flaw: Flaw) => {
        const places = flaw.path === '' ? [entry.place] : sharersOf(root, entry, flaw.storedAt ?? flaw.path);
        const finding = {
          kind: flaw.kind,
          places,
          path: goQuote(flaw.path),
          reason: flaw.reason,
        };
        findings.push(finding);
        emit({ type: 'finding', vault: root, finding });
      };
      const newer = whole.findLast(({ header }) => header.target === entry.header.target);
      const content = new ContentCheck(root, entry, newer, {
        pool,
        report,
        emit,
        signal,
        unpacks: level === 'full',
        ...sampling(options, deadline),
      });
      const counts = await checkOne(root, entry, file, {
        report,
        emit,
        signal,
        take: contentTaker(level, content),
      });
      const read = await content.finish();
      // What a damaged manifest doesn't name was not read there, and must be read here.
      if (counts !== undefined) whole.push(entry);
      checked.snapshots += 1;
      checked.nodes += counts ?? 0;
      checked.files += read.files;
      checked.bytes += read.bytes;
    }
    if (options.record !== false) recordDamage(root, entries, findings, level);
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
  return { findings, checked };
}

interface OneOptions {
  readonly report: (flaw: Flaw) => void;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly take: (file: StoredFile) => Promise<void>;
}

/** How many nodes there are. A manifest that can't be read to its end is a finding, ends this one, and gives undefined. */
async function checkOne(
  root: string,
  entry: SnapshotEntry,
  file: VaultFile,
  options: OneOptions,
): Promise<number | undefined> {
  try {
    return await checkStructure(root, entry, file.keeps, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE')) throw error;
    options.report({ kind: 'manifest', path: '' as RawPath, reason: String(error.details.reason) });
    return undefined;
  }
}

function contentTaker(level: VerifyOptions['level'], content: ContentCheck): OneOptions['take'] {
  if (level === 'structure') return async () => {};
  return level === 'full' ? (file) => content.check(file) : async (file) => content.consider(file);
}

function sampling(
  { level, sample }: VerifyOptions,
  deadline: AbortSignal | undefined,
): { sample?: { seed: number; deadline: AbortSignal } } {
  if (level !== 'sample' || sample === undefined || deadline === undefined) return {};
  return { sample: { seed: sample.seed, deadline } };
}

function expectWork(entries: readonly SnapshotEntry[], level: VerifyOptions['level'], emit: Emit): void {
  const all = entries.flatMap(({ header }) => header.components);
  const files = all.reduce((sum, { nodes }) => sum + nodes, 0);
  const bytes = level === 'full' ? all.reduce((sum, { bytes: size }) => sum + size, 0) : 0;
  emit({ type: 'phase', phase: 'verifying' });
  emit({ type: 'work.expected', files, bytes, exact: level !== 'full' });
}

function damageIn(findings: readonly Finding[]): ReadonlyMap<string, ReadonlySet<RawPath>> {
  const found = new Map<string, Set<RawPath>>();
  for (const { kind, places, path } of findings) {
    if (path === '' || !recorded.has(kind)) continue;
    for (const place of places) found.set(place, (found.get(place) ?? new Set()).add(goUnquote(path)));
  }
  return found;
}

/** A full verification knows everything of the snapshots it read; a lesser one only adds. */
export function recordDamage(
  root: string,
  entries: readonly SnapshotEntry[],
  findings: readonly Finding[],
  level: VerifyOptions['level'],
): void {
  const found = damageIn(findings);
  try {
    changeDamage(root, (known) => {
      const listed = new Set(listSnapshots(root, {}).snapshots.map(({ place }) => place));
      const damage = new Map([...known].filter(([place]) => listed.has(place)));
      if (level === 'full') for (const { place } of entries) damage.delete(place);
      for (const [place, paths] of found) {
        // One that was removed meanwhile needs no mark, and its place may be another's tomorrow.
        if (listed.has(place)) damage.set(place, new Set([...(damage.get(place) ?? []), ...paths]));
      }
      const same =
        damage.size === known.size && [...damage].every(([place, paths]) => sameSet(paths, known.get(place)));
      return same ? undefined : damage;
    });
  } catch (error) {
    // Verifying a copy on a read-only medium, or one that belongs to somebody else, is fine: it is told all the same.
    if (!['EROFS', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
  }
}

function sameSet(left: ReadonlySet<RawPath>, right: ReadonlySet<RawPath> | undefined): boolean {
  return right !== undefined && left.size === right.size && [...left].every((one) => right.has(one));
}
