/**
 * The recovery kit: a password that lies nowhere on this machine, and a page that says how to bring data back with it. The
 * password of every day lies beside the data it protects; who takes the machine takes it too.
 */

import { isHikaeError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { Emit } from '../model/events.ts';
import type { Location } from '../policy/policy.ts';
import { parseLocation } from '../policy/policy.ts';
import type { VaultKey, VaultKeys } from '../vault/vault.ts';
import { chooseEncrypted, keysOf } from './encrypted-vault.ts';
import { operationErrors } from './errors.ts';
import { changing, type KeyRequest } from './keys.ts';
import type { OpenedVault, Parts, PolicyParts } from './parts.ts';
import { inVault } from './reach.ts';

export interface Kit {
  readonly vault: string;
  readonly host: string;
  /** its identity, of which restic shows the beginning */
  readonly repository: string;
  /** when the repository was made, in milliseconds since 1970 UTC */
  readonly created: number;
  readonly place: string;
  readonly location: Location;
  /** of a bucket, as the policy says */
  readonly region?: string;
  readonly endpoint?: string;
  /** the policy's, or those that the vault has snapshots of */
  readonly targets: readonly string[];
  readonly key: Pick<VaultKey, 'id' | 'created'>;
  /** only when the key has just been made: nobody can tell it again */
  readonly password?: Secret;
}

/** `missing`: there is no recovery key; `unconfirmed`: nobody has said that its page lies elsewhere. */
export type KitState = 'missing' | 'unconfirmed' | 'confirmed';

/** The page of the newest recovery key, without its password: KIT_MISSING where there is none. */
export async function readKit({ vault }: KeyRequest, parts: Parts): Promise<Kit> {
  return inVault(chooseEncrypted(vault, parts), parts, async (opened) =>
    kitOf(opened, await newestRecoveryKey(opened, parts), parts),
  );
}

/** Adds a recovery key and hands its page to `show`. A key whose password nobody was shown is taken back. */
export async function newKit(
  { vault }: KeyRequest,
  parts: Parts,
  show: (kit: Kit) => Promise<void>,
): Promise<Kit> {
  return inVault(chooseEncrypted(vault, parts), parts, (opened) => addRecoveryKey(opened, parts, show));
}

export async function addRecoveryKey(
  opened: OpenedVault,
  parts: Parts,
  show: (kit: Kit) => Promise<void>,
): Promise<Kit> {
  const keys = keysOf(opened);
  const password = recoveryPassword(parts.random);
  const key = await keys.add(password, { ...changing(parts), recovery: true });
  try {
    const kit = { ...(await kitOf(opened, key, parts)), password };
    await show(kit);
    return kit;
  } catch (error) {
    await takeBack(keys, key, error, parts);
    throw error;
  }
}

/** Also when everything was cancelled: nobody has this password, so nobody may take the key for one that is kept. */
async function takeBack(keys: VaultKeys, { id }: VaultKey, cause: unknown, { emit }: Parts): Promise<void> {
  try {
    await keys.remove(id, { wait: 0, emit, signal: new AbortController().signal });
  } catch (error) {
    if (!isHikaeError(error)) throw error;
    throw operationErrors.KIT_KEY_LEFT({ key: id.slice(0, 8), reason: error.message }, { cause });
  }
}

export interface ConfirmedKit {
  readonly vault: string;
  readonly key: string;
}

/** Records that a person has put the page of the newest recovery key where it is needed. */
export async function confirmKit({ vault }: KeyRequest, parts: PolicyParts): Promise<ConfirmedKit> {
  return inVault(chooseEncrypted(vault, parts), parts, async (opened) => {
    const { id } = await newestRecoveryKey(opened, parts);
    await parts.ledger.recordKit({ vault: opened.vault.identity.id, key: id });
    return { vault: opened.name, key: id };
  });
}

/** Undefined for a vault that is not encrypted. Without a record nothing counts as confirmed. */
export async function kitState(
  { vault }: OpenedVault,
  { ledger, signal }: Pick<Parts, 'ledger' | 'signal'>,
): Promise<KitState | undefined> {
  if (vault.keys === undefined) return undefined;
  const recovery = vault.keys.known().filter((key) => key.recovery);
  if (recovery.length === 0) return 'missing';
  const confirmed = (await ledger?.kitsConfirmed(vault.identity.id, { signal })) ?? [];
  return recovery.some(({ id }) => confirmed.includes(id)) ? 'confirmed' : 'unconfirmed';
}

/** One line for each vault whose kit is not where it belongs: told until a person has seen to it. */
export function tellKit(vault: string, state: KitState | undefined, emit: Emit): void {
  if (state === undefined || state === 'confirmed') return;
  emit({ type: 'warning', code: `kit-${state}`, facts: { vault } });
}

async function newestRecoveryKey(opened: OpenedVault, { signal }: Pick<Parts, 'signal'>): Promise<VaultKey> {
  const { keys } = await keysOf(opened).list({ signal });
  const newest = keys.findLast(({ recovery }) => recovery);
  if (newest === undefined) throw operationErrors.KIT_MISSING({ vault: opened.name });
  return newest;
}

async function kitOf({ name, vault }: OpenedVault, key: VaultKey, parts: Parts): Promise<Kit> {
  const { policy, host, signal } = parts;
  const { identity, location: place } = vault;
  const vaults = policy?.vaults ?? {};
  const settings = vaults[name] ?? Object.values(vaults).find(({ restic }) => restic === place);
  const { region, endpoint } = settings ?? {};
  const { snapshots } = await vault.list({ signal });
  const stored = new Set(snapshots.map(({ header }) => header.target));
  return {
    vault: name,
    host,
    repository: identity.id,
    created: identity.created,
    place: settings?.restic ?? place,
    location: parseLocation(settings?.restic ?? place) ?? { kind: 'local', path: place },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    targets: [...new Set([...Object.keys(policy?.targets ?? {}), ...stored])],
    key: { id: key.id, created: key.created },
  };
}

/** No letter or digit that looks like another: it is read from paper. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 6;
const GROUP = 5;

/** 150 bits: `x7k2m-…`. What guesses a hundred billion a second needs some 10^26 years. */
export function recoveryPassword(random: Parts['random']): Secret {
  const letters = [...random(GROUPS * GROUP)].map((byte) => LETTERS[byte % LETTERS.length]);
  const groups = Array.from({ length: GROUPS }, (_, group) =>
    letters.slice(group * GROUP, (group + 1) * GROUP).join(''),
  );
  return new Secret(groups.join('-'));
}
