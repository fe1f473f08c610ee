/** What the server says of every object that a snapshot needs: its version, its lock, its hash. */
import { inLanes } from '../../base/lanes.ts';
import type { Proof, ProofFinding, ProofFlaw, ProvenObject } from '../../model/proof.ts';
import {
  type CallOptions,
  isSeen,
  type Key,
  type Locking,
  type LockMode,
  type ObjectVersion,
  rightVersion,
  type VersionStatus,
} from '../../storage/storage.ts';

export interface NeededObject {
  readonly key: Key;
  /** the latest first */
  readonly versions: readonly ObjectVersion[];
  /** of what was stored, where it is known */
  readonly sha256?: string | undefined;
}

export interface ProvingOptions extends CallOptions {
  readonly locking: Locking;
  /** calls at a time */
  readonly lanes: number;
  /** governance is a flaw unless it is what is wanted */
  readonly wanted: LockMode | undefined;
}

export async function proveObjects(
  needed: readonly NeededObject[],
  { locking, lanes, wanted, signal }: ProvingOptions,
): Promise<Pick<Proof, 'objects' | 'bytes' | 'protectedUntil' | 'findings'>> {
  const findings: ProofFinding[] = [];
  const objects: ProvenObject[] = [];
  await inLanes(needed, { lanes, signal }, async ({ key, versions, sha256 }, either) => {
    const add = (flaw: ProofFlaw) => findings.push({ key, flaw });
    const options = { sha256, signal: either };
    const right = await rightVersion(locking, versions, options);
    if (right === undefined)
      return void add(versions.some(({ deleted }) => !deleted) ? 'other-content' : 'missing');
    const status = await locking.statVersion(key, right.version, { signal: either });
    const hash = hashOf(status, sha256, versions.length === 1);
    objects.push(proven(status, hash));
    if (!(await isSeen(locking, versions, right, options))) add('hidden');
    if (hash === 'other') add('other-content');
    if (hash === 'unknown') add('unknown-content');
    const flaw = flawOf(status, wanted);
    if (flaw !== undefined) add(flaw);
  });
  const until = Math.min(...objects.map(({ lock }) => (typeof lock === 'object' ? lock.until : 0)));
  const isKnown = objects.length === needed.length && until > 0;
  return {
    objects: objects.sort(byKeyName),
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    ...(isKnown ? { protectedUntil: until } : {}),
    findings: findings.sort(byKeyName),
  };
}

/** What evidence is called: when it was given, by the server's clock, and of which snapshot. */
export function evidenceName({ id }: Pick<Proof, 'id'>, time: number): string {
  return `${new Date(time).toISOString().replaceAll(':', '')}-${id.slice(0, 8)}.json`;
}

function flawOf({ lock, time }: VersionStatus, wanted: LockMode | undefined): ProofFlaw | undefined {
  if (lock === 'none') return 'not-locked';
  if (lock === 'unknown') return 'unknown-lock';
  if (lock.until <= time) return 'lock-over';
  return lock.mode === 'governance' && wanted !== 'governance' ? 'governance' : undefined;
}

function hashOf(found: VersionStatus, wanted: string | undefined, isAlone: boolean): ProvenObject['hash'] {
  if (wanted === undefined) return 'named otherwise';
  if (found.sha256 === undefined) return found.inParts && isAlone ? 'in parts' : 'unknown';
  return found.sha256 === wanted ? 'same' : 'other';
}

function proven(status: VersionStatus, hash: ProvenObject['hash']): ProvenObject {
  const { key, version, size, lock, time, request } = status;
  return { key, version, size, lock, hash, time, request };
}

function byKeyName(
  { key: left }: { readonly key: string },
  { key: right }: { readonly key: string },
): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
