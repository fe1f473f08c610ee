/** vault create, vault list: the vaults of the policy themselves. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { placeOf } from '../policy/policy.ts';
import type { FreeRoom, Vault } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import { addRecoveryKey, type Kit, type KitState, kitState, tellKit } from './kit.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';
import { inVault } from './reach.ts';

/** `not-there`: there never was one; `gone`: there was one, and now there isn't. */
export type VaultState = 'reachable' | 'not-mounted' | 'not-there' | 'gone' | 'unusable';

export interface VaultStatus {
  readonly name: string;
  readonly kind: 'plain' | 'restic';
  readonly place: string;
  readonly state: VaultState;
  /** why it isn't reachable */
  readonly error?: HikaeError;
  readonly id?: string;
  readonly room?: FreeRoom;
  readonly snapshots?: number;
  readonly unreadable?: number;
  readonly newestComplete?: SnapshotEntry;
  /** of an encrypted one */
  readonly kit?: KitState;
}

export interface VaultList {
  /** `partial` when one that should be there isn't */
  readonly outcome: Outcome;
  readonly vaults: readonly VaultStatus[];
}

export async function listVaults(
  { asOf = Number.POSITIVE_INFINITY }: { readonly asOf?: number | undefined },
  parts: PolicyParts,
): Promise<VaultList> {
  const vaults: VaultStatus[] = [];
  for (const [name, settings] of Object.entries(parts.policy.vaults)) {
    const kind = settings.plain === undefined ? 'restic' : 'plain';
    vaults.push({ name, kind, place: placeOf(settings), ...(await look(name, asOf, parts)) });
  }
  for (const { name, kit } of vaults) tellKit(name, kit, parts.emit);
  const sound = vaults.every(({ state }) => state === 'reachable');
  return { outcome: sound ? 'succeeded' : 'partial', vaults };
}

export interface CreatedVault {
  readonly name: string;
  readonly place: string;
  readonly id: string;
  /** false: it was there already */
  readonly created: boolean;
  /** of an encrypted one */
  readonly kit?: KitState;
}

/**
 * Makes a vault of the policy, also where one was seen before and is lost: a person has said so. An encrypted one gets a
 * recovery key if there is somewhere to show its page.
 */
export async function createVault(
  name: string,
  parts: PolicyParts,
  showKit?: (kit: Kit) => Promise<void>,
): Promise<CreatedVault> {
  const known = Object.keys(parts.policy.vaults);
  if (!known.includes(name)) throw operationErrors.VAULT_UNKNOWN({ vault: name, known });
  try {
    return await inVault(name, parts, async (opened) => {
      const { location, identity } = opened.vault;
      return { name, place: location, id: identity.id, created: false, ...(await kitFact(opened, parts)) };
    });
  } catch (error) {
    if (!isHikaeError(error, 'VAULT_NOT_FOUND', 'VAULT_GONE')) throw error;
  }
  const opened = await parts.openVault(name, { create: true, anew: true });
  const { vault } = opened;
  try {
    if (vault.keys !== undefined && showKit !== undefined) await addRecoveryKey(opened, parts, showKit);
    const fact = await kitFact(opened, parts);
    // Who has the page in hand is not told that it is still there.
    if (fact.kit === 'missing') tellKit(name, fact.kit, parts.emit);
    return { name, place: vault.location, id: vault.identity.id, created: true, ...fact };
  } finally {
    await vault.close();
  }
}

async function kitFact(opened: OpenedVault, parts: PolicyParts): Promise<{ readonly kit?: KitState }> {
  const kit = await kitState(opened, parts);
  return kit === undefined ? {} : { kit };
}

const states: Readonly<Record<string, VaultState>> = {
  VAULT_NOT_MOUNTED: 'not-mounted',
  VAULT_NOT_FOUND: 'not-there',
  VAULT_GONE: 'gone',
};

async function look(
  name: string,
  asOf: number,
  parts: PolicyParts,
): Promise<Omit<VaultStatus, 'name' | 'kind' | 'place'>> {
  const { signal } = parts;
  try {
    return await inVault(name, parts, async (opened) => {
      const { vault } = opened;
      const list = await vault.list({ signal });
      const snapshots = list.snapshots.filter(({ header }) => header.time <= asOf);
      const newest = snapshots.findLast(({ complete }) => complete);
      return {
        state: 'reachable',
        id: vault.identity.id,
        ...(await boundedRoom(vault, signal)),
        snapshots: snapshots.length,
        unreadable: list.unreadable.length,
        ...(newest === undefined ? {} : { newestComplete: newest }),
        ...(await kitFact(opened, parts)),
      };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    return { state: states[error.code] ?? 'unusable', error };
  }
}

/** A bucket has no bound that could be told. */
async function boundedRoom(vault: Vault, signal: AbortSignal): Promise<{ room?: FreeRoom }> {
  const room = await vault.room({ signal });
  return room.bytes === Number.MAX_SAFE_INTEGER ? {} : { room };
}
