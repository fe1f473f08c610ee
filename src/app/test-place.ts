/** Places beside the vaults of the policy, where one can be tried out. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHikaeError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { operationErrors } from '../operations/errors.ts';
import type { Remains, TestPlace } from '../operations/vault-test.ts';
import { type Policy, type PolicyVault, parseLocation, placeOf } from '../policy/policy.ts';
import { type CheckPlace, runStorageChecks } from '../storage/checks/checks.ts';
import { keyFrom, type LockMode, type Storage } from '../storage/storage.ts';
import { lockingPuts } from '../vault/locking/locking-puts.ts';
import { requireMounted } from '../vault/restic/restic-vault.ts';
import { vaultErrors } from '../vault/vault.ts';
import { spoolOf } from './environment.ts';
import { openRemote, type RemoteLocation } from './open-remote.ts';
import { openObjects, openPlain, openRepository } from './open-vault.ts';
import type { PartsOptions } from './parts.ts';

/** Milliseconds for which what is put is locked, where a bucket locks. */
const LOCKED = 5 * 60_000;
/** As S3 wants them at least; an object of more than four of them is sent in parts. */
const PART = 5 * 1024 * 1024;
const LARGEST = 8 * 1024 * 1024;
/** Milliseconds to clean up in when everything else was cancelled. */
const CLEARING = 60_000;

/** A place that nothing is in yet. VAULT_UNKNOWN, and what keeps the vault itself from being opened. */
export async function openTestPlace(name: string, policy: Policy, options: PartsOptions): Promise<TestPlace> {
  const settings = policy.vaults[name];
  if (settings === undefined)
    throw operationErrors.VAULT_UNKNOWN({ vault: name, known: Object.keys(policy.vaults) });
  const { world, signal } = options;
  const folder = `hikae-test-${Buffer.from(world.random(6)).toString('hex')}`;
  const sample = await writeSample(world);
  const ground = groundOf(settings, folder, options);
  let storage: Storage | undefined;
  try {
    await ground.require();
    const opened = await ground.open('objects');
    storage = opened;
    const lock = await shortLock(opened, settings, signal);
    const began = world.clock.now();
    const parts: Parts = { settings, options, ground, lock };
    return {
      location: ground.location,
      sample,
      locked: settings.lock !== undefined,
      checks: () => runStorageChecks(checkPlace(opened, parts)),
      vault: () => openSmallVault(parts),
      async clean() {
        const removing = AbortSignal.timeout(CLEARING);
        await opened.close();
        await rm(sample, { recursive: true });
        const { objects, versions } = await ground.clean(removing);
        const until = versions > 0 && lock !== undefined ? { until: began + 2 * LOCKED } : {};
        return { objects, versions, ...until };
      },
    };
  } catch (error) {
    await rm(sample, { recursive: true });
    await storage?.close();
    if (storage !== undefined) await ground.clean(AbortSignal.timeout(CLEARING));
    throw error;
  }
}

interface Parts {
  readonly settings: PolicyVault;
  readonly options: PartsOptions;
  readonly ground: Ground;
  readonly lock: LockMode | undefined;
}

/** A medium, and the folder of the test on it. */
interface Ground {
  readonly location: string;
  readonly remote: boolean;
  /** Throws where the vault itself could not be. */
  require(): Promise<void>;
  /** A folder in that of the test, as a storage. */
  open(name: string): Promise<Storage>;
  path(name: string): string;
  clean(signal: AbortSignal): Promise<Pick<Remains, 'objects' | 'versions'>>;
}

function groundOf(settings: PolicyVault, folder: string, options: PartsOptions): Ground {
  const location = parseLocation(placeOf(settings));
  if (location === undefined) throw new TypeError('a vault without a place');
  return location.kind === 'local'
    ? localGround(location.path, settings, folder, options)
    : remoteGround(location, settings, folder, options);
}

function localGround(
  root: string,
  { mounted }: PolicyVault,
  folder: string,
  { world }: PartsOptions,
): Ground {
  const path = (name: string) => join(root, folder, name);
  return {
    location: join(root, folder),
    remote: false,
    path,
    async require() {
      requireMounted(root, mounted);
      // Made here, it would stay.
      if (!existsSync(root)) throw vaultErrors.VAULT_NOT_FOUND({ path: root });
    },
    async open(name) {
      const { openLocalStorage } = await import('../storage/local/local-storage.ts');
      return openLocalStorage(path(name), { create: true, random: world.random });
    },
    async clean() {
      await rm(join(root, folder), { recursive: true, force: true });
      return { objects: 0, versions: 0 };
    },
  };
}

function remoteGround(
  location: RemoteLocation,
  settings: PolicyVault,
  folder: string,
  options: PartsOptions,
): Ground {
  const below = (...names: readonly string[]): RemoteLocation =>
    location.kind === 's3'
      ? { ...location, prefix: [location.prefix, ...names].filter((one) => one !== '').join('/') }
      : { ...location, path: [location.path, ...names].join('/') };
  const { world, emit, signal } = options;
  const open = (at: RemoteLocation, create: boolean, until = signal) =>
    openRemote(at, settings, { world, emit, signal: until, create, part: PART });
  return {
    location: `${placeOf(settings)}/${folder}`,
    remote: true,
    path: (name) => `${placeOf(settings)}/${folder}/${name}`,
    async require() {
      await (await open(location, false)).close();
    },
    open: (name) => open(below(folder, name), true),
    async clean(removing) {
      const root = await open(location, false, removing);
      try {
        return await clear(root, folder, removing);
      } finally {
        await root.close();
      }
    },
  };
}

/** As far as these keys may. */
async function clear(
  storage: Storage,
  folder: string,
  signal: AbortSignal,
): Promise<Pick<Remains, 'objects' | 'versions'>> {
  const key = keyFrom(folder);
  if (storage.tree !== undefined) {
    await storage.tree.remove(key, { signal });
    return { objects: 0, versions: 0 };
  }
  let objects = 0;
  for await (const batch of storage.list(key, { signal })) {
    for (const one of batch) {
      try {
        await storage.remove(one.key, { signal });
      } catch (error) {
        if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
        objects += 1;
      }
    }
  }
  return { objects, versions: await countHidden(storage, folder, signal) };
}

async function countHidden({ locking }: Storage, folder: string, signal: AbortSignal): Promise<number> {
  let hidden = 0;
  if (locking === undefined || (await locking.state({ signal })).versioned !== true) return hidden;
  for await (const batch of locking.versions(keyFrom(folder), { signal }))
    hidden += batch.filter(({ deleted, latest }) => !deleted && !latest).length;
  return hidden;
}

/**
 * A bucket may lock by default what is put without a date, and for months. So each object gets a date of its own there,
 * and a near one.
 */
async function shortLock(
  { locking }: Storage,
  { lock }: PolicyVault,
  signal: AbortSignal,
): Promise<LockMode | undefined> {
  if (lock !== undefined) return lock.mode;
  if (locking === undefined || (await locking.state({ signal })).lockable !== true) return undefined;
  return 'governance';
}

function shortly(storage: Storage, { lock: mode, options }: Parts): Storage {
  if (mode === undefined) return storage;
  const lockOfNew = async () => ({ mode, until: options.world.clock.now() + LOCKED });
  return lockingPuts(storage, { lockOfNew, remember: () => undefined });
}

function checkPlace(storage: Storage, parts: Parts): CheckPlace {
  const { settings, options, ground } = parts;
  const { world, signal } = options;
  const { clock, random } = world;
  return {
    storage: shortly(storage, parts),
    folder: keyFrom('checks'),
    clock,
    random,
    largest: ground.remote ? 4 * PART + 1 : LARGEST,
    ...(settings.lock === undefined ? {} : { lock: { mode: settings.lock.mode, milliseconds: LOCKED } }),
    signal,
  };
}

async function openSmallVault(parts: Parts) {
  const { settings, options, ground } = parts;
  const opening = { options, seen: false, create: true, mounted: undefined };
  if (!ground.remote && settings.restic === undefined) {
    await mkdir(ground.path('vault'), { recursive: true });
    return openPlain(ground.path('vault'), opening);
  }
  const storage = shortly(await ground.open('vault'), parts);
  const lock = settings.lock && { ...settings.lock, for: LOCKED, generation: LOCKED / 5 };
  if (settings.restic === undefined) return openObjects(storage, opening, lock);
  // It is gone with the vault.
  const password = new Secret(Buffer.from(options.world.random(16)).toString('hex'));
  return openRepository(storage, password, opening, lock);
}

/** A few files, one of them large enough for several parts, and names that are no ASCII. */
async function writeSample(world: PartsOptions['world']): Promise<string> {
  const folder = await mkdtemp(join(spoolOf(world), 'hikae-sample-'));
  const noise = world.random(32);
  for (const [name, size] of Object.entries({
    'a file': 1_000,
    手紙: 20_000,
    '100%': 1,
    empty: 0,
    large: 3_000_000,
  }))
    await writeFile(
      join(folder, name),
      createHash('shake256', { outputLength: size }).update(noise).digest(),
    );
  return folder;
}
