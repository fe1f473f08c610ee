/**
 * Mending the dated trees of a vault: what a verification finds wrong is made anew from any snapshot that has the same content,
 * here or in another vault, and put in its place by a rename. What is sound is not touched.
 */
import { goUnquote } from '../../../base/go-quoting.ts';
import { syncFileSystem } from '../../../base/libc.ts';
import { OpenDirectory } from '../../../base/open-directory.ts';
import type { RawPath } from '../../../base/raw-path.ts';
import type { Emit } from '../../../model/events.ts';
import type { Finding } from '../../../model/finding.ts';
import type { SnapshotEntry, UnreadableSnapshot } from '../../../model/snapshot.ts';
import type { TreeRepairReport } from '../../upkeep.ts';
import type { RepairOptions } from '../../vault.ts';
import { listSnapshots } from '../listing.ts';
import { recordDamage, verifySnapshots } from '../verify.ts';
import { Beside } from './beside.ts';
import { findLosses, isOfEntry, type Member } from './losses.ts';
import { Mending, type MendingParts } from './mending.ts';
import { mendChecksums, mendManifests, type OwnFilesParts } from './own-files.ts';

export interface TreeRepairParts extends MendingParts {
  readonly threads: number;
}

/** The caller has the vault for writing. */
export async function repairTrees(
  parts: TreeRepairParts,
  options: Pick<RepairOptions, 'dryRun' | 'emit' | 'signal' | 'from'>,
): Promise<TreeRepairReport> {
  const { root, file, threads } = parts;
  const { dryRun, emit, signal } = options;
  const beside = await Beside.open(root, signal);
  try {
    const own = { root, beside, dryRun, from: options.from, signal };
    const manifests = await mendManifests(own);
    const { snapshots, unreadable } = listSnapshots(root, {});
    // What is told is what stays.
    const quiet: Emit = (event) => event.type !== 'finding' && emit(event);
    const verifying = { level: 'full', emit: quiet, signal, threads, record: false } as const;
    const { findings, checked } = await verifySnapshots(root, file, snapshots, verifying);
    emit({ type: 'phase', phase: 'repairing' });
    const losses = await findLosses(root, findings, signal);
    const mended = await new Mending(losses, parts, dryRun ? undefined : beside, options).run(snapshots);
    const checksums = await mendLists(snapshots, findings, own);
    // What was found of them in a dry run is still there.
    const whole = new Set([...(dryRun ? manifests : []), ...checksums]);
    const lost = unreadable.filter(({ place }) => !whole.has(place)).map(findingOf);
    const left = [...lost, ...leftOf(findings, mended.members, whole)];
    if (!dryRun) {
      await syncAt(root);
      recordDamage(root, snapshots, left, 'full');
      for (const finding of left) emit({ type: 'finding', vault: root, finding });
    }
    const { snapshots: count, files, bytes } = checked;
    return {
      checked: { snapshots: count, files, bytes },
      restored: mended.restored,
      fetched: mended.fetched,
      records: [...new Set([...manifests, ...checksums])],
      findings: left,
    };
  } finally {
    await beside.close();
  }
}

/** The places whose list of hashes is right again. */
async function mendLists(
  snapshots: readonly SnapshotEntry[],
  findings: readonly Finding[],
  own: OwnFilesParts,
): Promise<readonly string[]> {
  const flawed = new Set(
    findings.flatMap(({ kind, places }) => (kind === 'checksums' || kind === 'manifest' ? places : [])),
  );
  const mended: string[] = [];
  for (const entry of snapshots)
    if (flawed.has(entry.place) && (await mendChecksums(entry, own))) mended.push(entry.place);
  return mended;
}

function findingOf({ place, reason }: UnreadableSnapshot): Finding {
  return { kind: 'manifest', places: [place], path: '', reason: reason.message };
}

/** The findings without what was mended of them. */
function leftOf(
  findings: readonly Finding[],
  members: readonly Member[],
  records: ReadonlySet<string>,
): readonly Finding[] {
  const mended = new Set(members.map(({ place, path }) => `${place} ${path}`));
  return findings.flatMap((finding) => {
    const path: RawPath = goUnquote(finding.path);
    const places = finding.places.filter((place) =>
      isOfEntry(finding) ? !mended.has(`${place} ${path}`) : !(finding.path === '' && records.has(place)),
    );
    return places.length === 0 ? [] : [{ ...finding, places }];
  });
}

async function syncAt(root: string): Promise<void> {
  const folder = OpenDirectory.open(root as RawPath);
  try {
    await syncFileSystem(folder.descriptor);
  } finally {
    folder.release();
  }
}
