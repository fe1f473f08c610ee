/** Opening vaults of either kind on this machine, with what the world has for them. */
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isHikaeError } from '../base/errors.ts';
import type { Secret, SecretReference } from '../base/secret.ts';
import type { Emit } from '../model/events.ts';
import { operationErrors } from '../operations/errors.ts';
import { type Policy, type PolicyVault, parseLocation, placeOf } from '../policy/policy.ts';
import type { Storage } from '../storage/storage.ts';
import { type Vault, vaultErrors } from '../vault/vault.ts';
import { spoolOf } from './environment.ts';
import type { RemoteLocation, RemoteSettings } from './open-remote.ts';
import { secretOf } from './secrets.ts';
import type { World } from './world.ts';

/** Two threads keep a disk busy; more would only make a rotating one seek. */
const THREADS = 2;
/** A repository keeps processors busy as well: to hash, to pack and to seal. Each thread takes some 50 MiB. */
const MOST_PACKING = 4;

export interface OpeningOptions {
  readonly world: World;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** milliseconds to wait for another run that holds a vault */
  readonly lockWait: number;
  /** reads without a lock */
  readonly noLock: boolean;
  /** what keeps versions is read as it was then, in milliseconds since 1970 UTC */
  readonly asOf?: number;
  /** of the vault that is opened, whatever the policy says of it */
  readonly password?: SecretReference;
  /** asks the person at the terminal, where there is one, for the password of what lies at a place */
  readonly ask?: (place: string) => Promise<Secret>;
  /** asks the same person for the code of a second factor, by its serial number */
  readonly askCode?: (serial: string) => Promise<string>;
}

export interface Opening {
  readonly options: OpeningOptions;
  /** it has been seen at this path before */
  readonly seen: boolean;
  readonly create: boolean;
  readonly mounted: string | undefined;
  /** where is remembered until when objects are locked */
  readonly hints?: string;
  /** the folder for what was read of repositories that lie elsewhere */
  readonly cache?: string | undefined;
}

/** A vault of the policy that acts. */
export async function openPolicyVault(settings: PolicyVault, opening: Opening): Promise<Vault> {
  const location = parseLocation(placeOf(settings));
  if (location === undefined) throw new TypeError('a vault without a place');
  if (location.kind !== 'local') return openElsewhere(location, settings, opening);
  const { path } = location;
  return settings.restic === undefined
    ? openPlain(path, opening)
    : openRestic(path, settings.password, opening);
}

/** A place that the user named: it must be a vault already. What the policy says of this very place holds here too. */
export async function openVaultAt(place: string, options: OpeningOptions, policy?: Policy): Promise<Vault> {
  const cache = policy && cacheIn(policy.state);
  const opening = { options, seen: false, create: false, mounted: undefined, cache };
  const location = place.startsWith('/') ? { kind: 'local' as const, path: place } : parseLocation(place);
  if (location === undefined) throw operationErrors.VAULT_NO_PLACE({ place });
  const settings = Object.values(policy?.vaults ?? {}).find((vault) =>
    isDeepStrictEqual(parseLocation(placeOf(vault)), location),
  );
  if (location.kind !== 'local')
    return settings === undefined
      ? openWhatIs(place, location, opening)
      : openElsewhere(location, settings, opening);
  const { path } = location;
  // What makes a folder a repository is known to anybody who has seen one.
  if (!existsSync(join(path, 'config'))) return openPlain(path, opening);
  return openRestic(path, settings?.password, opening);
}

/**
 * Without a policy there is none: on the machine where something is only brought back nothing is to be left behind, and the
 * home of a rescue system lies in memory.
 */
export function cacheIn(state: string): string {
  return join(state, 'cache');
}

/** The folder of a vault that is used already; undefined for one that lies elsewhere. */
export function localPathOf(settings: PolicyVault): string | undefined {
  const location = parseLocation(placeOf(settings));
  return location?.kind === 'local' ? location.path : undefined;
}

export async function openPlain(path: string, { options, seen, create, mounted }: Opening): Promise<Vault> {
  const { openPlainVault } = await import('../vault/plain/plain-vault.ts');
  const { world } = options;
  const id = Buffer.from(world.random(16)).toString('hex');
  return openPlainVault(path, {
    seen,
    uid: world.uid,
    threads: THREADS,
    ...(mounted === undefined ? {} : { mounted }),
    ...(create ? { create: { id, now: world.clock.now() } } : {}),
  });
}

async function openRestic(path: string, password: PolicyVault['password'], opening: Opening): Promise<Vault> {
  const { requireMounted } = await import('../vault/restic/restic-vault.ts');
  requireMounted(path, opening.mounted);
  const secret = await passwordOf(path, password, opening.options);
  // What lies on this machine is read as quickly where it is.
  return openRepository(await openFolder(path, opening), secret, { ...opening, cache: undefined });
}

/** The vault of either kind that the policy has elsewhere. */
async function openElsewhere(
  location: RemoteLocation,
  settings: PolicyVault,
  opening: Opening,
): Promise<Vault> {
  const path = placeOf(settings);
  // What is only read isn't locked either.
  const lock = opening.options.asOf === undefined ? settings.lock : undefined;
  if (settings.restic === undefined)
    return openObjects(await openMedium(path, location, settings, opening), opening, lock);
  const secret = await passwordOf(path, settings.password, opening.options);
  return openRepository(await openMedium(path, location, settings, opening), secret, opening, lock);
}

/** Of a place that no policy tells of, what lies there says the kind. */
async function openWhatIs(path: string, location: RemoteLocation, opening: Opening): Promise<Vault> {
  const { options } = opening;
  const storage = await openMedium(path, location, {}, opening);
  try {
    const { readVaultObject } = await import('../vault/plain/objects/vault-object.ts');
    if ((await readVaultObject(storage, options)) !== undefined) return await openObjects(storage, opening);
    return await openRepository(storage, await passwordOf(path, undefined, options), opening);
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Where there is no folder there is no vault; a missing bucket is told as such. */
async function openMedium(
  path: string,
  location: RemoteLocation,
  settings: RemoteSettings,
  { options, seen, create }: Opening,
): Promise<Storage> {
  const { openRemote } = await import('./open-remote.ts');
  try {
    return await openRemote(location, settings, { ...options, create });
  } catch (error) {
    if (location.kind !== 'sftp' || !isHikaeError(error, 'STORAGE_MISSING')) throw error;
    throw vaultErrors[seen ? 'VAULT_GONE' : 'VAULT_NOT_FOUND']({ path }, { cause: error });
  }
}

/** The dated trees in a storage, which is closed with them. */
export async function openObjects(
  storage: Storage,
  { options, seen, create }: Opening,
  locking?: PolicyVault['lock'],
): Promise<Vault> {
  const { world, signal, noLock, asOf } = options;
  const { clock, random } = world;
  const id = Buffer.from(random(16)).toString('hex');
  try {
    const { openObjectVault } = await import('../vault/plain/objects/object-vault.ts');
    return await openObjectVault(storage, {
      seen,
      ...(create ? { create: { id, now: clock.now() } } : {}),
      locking,
      locksReading: !noLock && asOf === undefined,
      holder: await lockOwner(world, signal),
      clock,
      random,
      spool: spoolOf(world),
      signal,
    });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** The repository in a storage, which is closed with it. */
export async function openRepository(
  storage: Storage,
  secret: Secret,
  opening: Opening,
  lock?: PolicyVault['lock'],
): Promise<Vault> {
  const { options, seen, create, hints, cache } = opening;
  const { world, emit, signal, lockWait, noLock, asOf } = options;
  const { clock, random, zone, keyCost } = world;
  try {
    const { openResticVault } = await import('../vault/restic/restic-vault.ts');
    return await openResticVault(storage, {
      password: secret,
      seen,
      ...(create ? { create: { now: clock.now() } } : {}),
      // Nobody removes anything from what was; and a lock of that time is nobody's any more.
      reading: { lock: !noLock && asOf === undefined, wait: lockWait, emit },
      owner: await lockOwner(world, signal),
      clock,
      random,
      threads: Math.max(THREADS, Math.min(world.processor.count, MOST_PACKING)),
      ...(keyCost === undefined ? {} : { cost: keyCost }),
      ...(lock === undefined ? {} : { locking: { settings: lock, hints } }),
      ...(cache === undefined ? {} : { cache: { folder: cache, onTrouble: tellOf(cache, emit) } }),
      zone,
      signal,
    });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function tellOf(path: string, emit: Emit): (reason: string) => void {
  return (reason) => emit({ type: 'warning', code: 'cache-trouble', facts: { path, reason } });
}

/** Where there is no folder there is no vault. */
async function openFolder(path: string, { options, seen, create }: Opening): Promise<Storage> {
  const { openLocalStorage } = await import('../storage/local/local-storage.ts');
  const { random } = options.world;
  try {
    return await openLocalStorage(path, { create, random });
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_MISSING')) throw error;
    throw vaultErrors[seen ? 'VAULT_GONE' : 'VAULT_NOT_FOUND']({ path }, { cause: error });
  }
}

/** From where the command line says, else the policy; without both, from where restic takes it as well. */
async function passwordOf(path: string, said: PolicyVault['password'], options: OpeningOptions) {
  const { world, signal } = options;
  const { RESTIC_PASSWORD_FILE: file, RESTIC_PASSWORD } = world.environment;
  const usual = file ? { file: resolve(world.folder, file) } : { env: 'RESTIC_PASSWORD' };
  const named = options.password ?? said;
  if (named === undefined && !file && !RESTIC_PASSWORD) {
    if (options.ask !== undefined) return options.ask(path);
    throw operationErrors.VAULT_PASSWORD_UNKNOWN({ path });
  }
  return secretOf(named ?? usual, world, signal);
}

/** Who we are, for the locks of repositories. */
async function lockOwner({ host, uid, gid }: World, signal: AbortSignal) {
  const { ownProcess } = await import('../base/process-identity.ts');
  const { username } = userInfo();
  return { ...(await ownProcess({ signal })), machine: machineId(host), hostname: host, username, uid, gid };
}

/** systemd gives every machine an id of its own; where there is none its name must do. */
function machineId(host: string): string {
  const file = '/etc/machine-id';
  return (existsSync(file) && readFileSync(file, 'latin1').trim()) || host;
}
