/** The composition root: real vaults, sources and the ledger, put together for the operations. */
import { resolve } from 'node:path';
import { runCommand } from '../base/child-process.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import type { Emit } from '../model/events.ts';
import type { ComponentKind } from '../model/snapshot.ts';
import { operationErrors } from '../operations/errors.ts';
import type { OpenedVault, Parts, PolicyParts } from '../operations/parts.ts';
import {
  notYetActing,
  type Policy,
  type PolicyVault,
  parseLocation,
  placeOf,
  resolveSecret,
} from '../policy/policy.ts';
import type { DatabaseHost } from '../source/database/host.ts';
import type { Source } from '../source/source.ts';
import { hikaeVersion } from './version.ts';
import type { World } from './world.ts';

export type { Parts, PolicyParts };

export interface PartsOptions {
  readonly world: World;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** milliseconds to wait for another run that holds a vault */
  readonly lockWait: number;
}

/** Half an hour: a daily run may still be at work when the weekly one starts. */
export const LOCK_WAIT = 30 * 60_000;

/** Two threads keep a disk busy; more would only make a rotating one seek. */
const THREADS = 2;

/** Does the work with everything that a policy names, and closes it afterwards. */
export async function withPolicyParts<Result>(
  policy: Policy,
  options: PartsOptions,
  work: (parts: PolicyParts) => Promise<Result>,
): Promise<Result> {
  const { world, emit, signal } = options;
  const { ledger, interrupted, setAside } = await openLedger(policy.state, {
    clock: world.clock,
    signal,
    onTrouble: (trouble) =>
      emit({ type: 'warning', code: 'ledger-trouble', facts: { reason: trouble.message } }),
  });
  try {
    if (setAside !== undefined)
      emit({ type: 'warning', code: 'ledger-set-aside', facts: { path: setAside } });
    for (const { verb, started } of interrupted) {
      emit({
        type: 'warning',
        code: 'run-interrupted',
        facts: { verb, started: new Date(started).toISOString() },
      });
    }
    const parts: PolicyParts = {
      ...commonParts(options),
      host: policy.host,
      zone: policy.timezone,
      ledger,
      policy,
      vaults: vaultsByNearness(policy),
      openVault: (name, opening) =>
        name.startsWith('/')
          ? openAt(name, options)
          : openNamed(name, policy, ledger, { ...opening, options }),
    };
    return await work(parts);
  } finally {
    ledger.close();
  }
}

/** Does the work with a vault alone: for the day when there is no policy, no ledger and no time. */
export async function withoutPolicy<Result>(
  options: PartsOptions,
  work: (parts: Parts) => Promise<Result>,
): Promise<Result> {
  const { world } = options;
  return work({
    ...commonParts(options),
    host: world.host,
    zone: world.zone,
    vaults: [],
    openVault: (name) => openAt(resolve(world.folder, name), options),
  });
}

/** Tells what the policy says and nobody does yet, so that no one believes it is done. */
export function warnOfLater(policy: Policy, emit: Emit, language: 'en' | 'ja'): void {
  for (const { path, text } of notYetActing(policy)) {
    emit({ type: 'warning', code: 'not-acting', facts: { path, text: text[language] } });
  }
}

function commonParts({ world, emit, signal, lockWait }: PartsOptions) {
  const { clock, random } = world;
  const sources = openSources(world);
  const environment = environmentOfOthers(world);
  return { clock, random, emit, signal, environment, version: hikaeVersion(), lockWait, source: sources };
}

/** What the policy's commands see of our environment: the same by hand as from a timer, and no secret that lies in it. */
function environmentOfOthers({ environment: { PATH, HOME, LANG, DOCKER_HOST } }: World) {
  return { PATH, HOME, LANG, DOCKER_HOST };
}

/** Sources are loaded when they are asked for: to look into a snapshot takes none. */
function openSources(world: World): (kind: ComponentKind) => Promise<Source> {
  return async (kind) => {
    const files = await openFiles(world);
    switch (kind) {
      case 'files':
        return files;
      case 'command':
        return openCommand(world, files);
      case 'postgres':
        return openPostgres(world, files);
      case 'mysql':
        return openMysql(world, files);
      default:
        throw operationErrors.COMPONENT_NOT_ACTING({ component: kind });
    }
  };
}

async function openFiles({ clock, uid, random }: World): Promise<Source> {
  const { createFilesSource } = await import('../source/files/files.ts');
  return createFilesSource({ clock, accounts: '/etc', uid, random: (size) => Buffer.from(random(size)) });
}

async function openCommand({ clock, uid, gid, environment }: World, files: Source): Promise<Source> {
  const { createCommandSource } = await import('../source/command/command.ts');
  const { PATH, HOME, LANG } = environment;
  return createCommandSource({
    clock,
    environment: { PATH, HOME, LANG },
    owner: { uid, gid, user: '', group: '' },
    planFiles: (request, options) => files.planRestore(request, options),
  });
}

async function openPostgres(world: World, files: Source): Promise<Source> {
  const { createPostgresSource } = await import('../source/postgres/postgres.ts');
  return createPostgresSource(databaseHost(world, files));
}

async function openMysql(world: World, files: Source): Promise<Source> {
  const { createMysqlSource } = await import('../source/mysql/mysql.ts');
  return createMysqlSource(databaseHost(world, files));
}

/** DOCKER_HOST says where an engine is that listens elsewhere than usual. */
function databaseHost(world: World, files: Source): DatabaseHost {
  const { clock, uid, gid, environment, random } = world;
  const { PATH, LANG, DOCKER_HOST } = environment;
  return {
    clock,
    environment: { PATH, LANG, DOCKER_HOST },
    owner: { uid, gid, user: '', group: '' },
    random,
    secret: (reference, { signal }) =>
      resolveSecret(reference, {
        environment,
        uid,
        signal,
        run: async (argv, options) =>
          (await runCommand(argv, { ...options, environment: environmentOfOthers(world) })).toString('utf8'),
      }),
    planFiles: (request, options) => files.planRestore(request, options),
  };
}

interface OpenOptions {
  readonly create: boolean;
  readonly anew?: boolean;
  readonly options: PartsOptions;
}

async function openNamed(
  name: string,
  policy: Policy,
  ledger: Ledger,
  { create, anew = false, options }: OpenOptions,
): Promise<OpenedVault> {
  const settings = policy.vaults[name];
  if (settings === undefined)
    throw operationErrors.VAULT_UNKNOWN({ vault: name, known: Object.keys(policy.vaults) });
  const path = pathOfActing(settings);
  if (path === undefined) throw operationErrors.VAULT_NOT_ACTING({ vault: name });
  const seen = (await ledger.vaultSeen({ path }, options)) !== undefined;
  const vault = await openPlain(path, {
    seen,
    create: create && (anew || !seen),
    mounted: settings.mounted,
    options,
  });
  const { snapshots } = await vault.list(options);
  await ledger.recordVault({ id: vault.identity.id, name, path, snapshots: snapshots.length });
  return { name, vault };
}

/** A folder that the user named: it must be a vault already, and what the policy says of it is unknown. */
async function openAt(path: string, options: PartsOptions): Promise<OpenedVault> {
  return {
    name: path,
    vault: await openPlain(path, { seen: false, create: false, mounted: undefined, options }),
  };
}

async function openPlain(
  path: string,
  opening: { seen: boolean; create: boolean; mounted: string | undefined; options: PartsOptions },
) {
  const { openPlainVault } = await import('../vault/plain/plain-vault.ts');
  const { world } = opening.options;
  const id = Buffer.from(world.random(16)).toString('hex');
  return openPlainVault(path, {
    seen: opening.seen,
    uid: world.uid,
    threads: THREADS,
    ...(opening.mounted === undefined ? {} : { mounted: opening.mounted }),
    ...(opening.create ? { create: { id, now: world.clock.now() } } : {}),
  });
}

/** In the order of the policy, since all that act are local and equally near. Where none acts, each says so itself. */
function vaultsByNearness({ vaults }: Policy): readonly string[] {
  const acting = Object.entries(vaults).filter(([, settings]) => pathOfActing(settings) !== undefined);
  return acting.length === 0 ? Object.keys(vaults) : acting.map(([name]) => name);
}

/** The folder of a vault of a kind that is used already. */
function pathOfActing(settings: PolicyVault): string | undefined {
  const location = parseLocation(placeOf(settings));
  return settings.plain !== undefined && location?.kind === 'local' ? location.path : undefined;
}
