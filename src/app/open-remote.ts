/** The media of vaults that lie elsewhere: over SFTP, or in a bucket of S3. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { readIfThere } from '../base/durable-files.ts';
import type { HikaeError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { Emit } from '../model/events.ts';
import type { Location, PolicyVault } from '../policy/policy.ts';
import type { ClientOptions } from '../storage/s3/client.ts';
import type { Login } from '../storage/sftp/sftp-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { limiting, openPace, openWorkPace, together } from '../storage/wrappers/limiting.ts';
import { attempting, retrying } from '../storage/wrappers/retrying.ts';
import { spoolOf } from './environment.ts';
import { secretOf } from './secrets.ts';
import type { World } from './world.ts';

export type RemoteLocation = Exclude<Location, { kind: 'local' }>;

/** What a policy says of such a vault. All of it may be left out: then it is as for ssh and for every AWS tool. */
export type RemoteSettings = Partial<
  Pick<
    PolicyVault,
    'restic' | 'password' | 'ssh' | 'knownHosts' | 'region' | 'endpoint' | 'profile' | 'limits' | 'lock'
  >
>;

export interface RemoteOptions {
  readonly world: World;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** makes a folder that isn't there; a bucket is for a person to make */
  readonly create: boolean;
  /** bytes of the parts that large objects are sent in, in a bucket */
  readonly part?: number;
  readonly askCode?: ClientOptions['askCode'];
  /** as it was then, in milliseconds since 1970 UTC, where the medium keeps versions */
  readonly asOf?: number;
}

/** Tried for some two minutes: a router starts anew in less. */
const ATTEMPTS = 8;
/** A line that has only hiccuped; whoever has mistyped a host should not wait for minutes. */
const OPENINGS = 3;
const PAUSE = 1_000;

const SSH_PORT = 22;
/** What ssh itself tries where nothing is said. */
const USUAL_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Opens the medium and keeps it within the policy's bounds; what fails for a moment is tried again. */
export async function openRemote(
  location: RemoteLocation,
  settings: RemoteSettings,
  options: RemoteOptions,
): Promise<Storage> {
  const { world, emit } = options;
  const retry = {
    attempts: ATTEMPTS,
    pause: PAUSE,
    random: () => Buffer.from(world.random(4)).readUInt32LE() / 2 ** 32,
    onRetry: ({ message, details }: HikaeError) =>
      emit({
        type: 'warning',
        code: 'storage-retry',
        facts: { storage: String(details.storage), reason: message },
      }),
  };
  const medium = await attempting({ ...retry, attempts: OPENINGS }, options, () =>
    location.kind === 'sftp' ? openSftp(location, settings, options) : openS3(location, settings, options),
  );
  const storage = retrying(limited(medium, settings.limits, world), retry);
  const { asOf: time } = options;
  return time === undefined ? storage : asItWas(storage, time, options);
}

/** Where no versions are kept nothing is known but what is there now. */
async function asItWas(storage: Storage, time: number, options: RemoteOptions): Promise<Storage> {
  const { locking } = storage;
  if (locking === undefined || (await locking.state(options)).versioned === false) return storage;
  const { asOf } = await import('../storage/wrappers/as-of.ts');
  const { TreeHashes } = await import('../vault/plain/objects/locking/tree-hashes.ts');
  // Which kind of vault lies there nobody may know yet; objects of a repository are in no dated tree.
  const hashes = new TreeHashes(locking, spoolOf(options.world));
  return asOf(storage, locking, time, (versions, callOptions) => hashes.choose(versions, callOptions));
}

async function openSftp(
  { user = userInfo().username, host, port = SSH_PORT, path }: Extract<Location, { kind: 'sftp' }>,
  { ssh, knownHosts }: RemoteSettings,
  { world, signal, create }: RemoteOptions,
): Promise<Storage> {
  const { openSftpStorage } = await import('../storage/sftp/sftp-storage.ts');
  const logins = ssh === undefined ? usualLogins(world) : await loginsOf(ssh, world, signal);
  return openSftpStorage(
    {
      host: { name: host, port },
      user,
      logins,
      knownHosts: knownHosts ?? join(sshFolder(world), 'known_hosts'),
      path,
      create,
      random: world.random,
    },
    { signal },
  );
}

async function openS3(
  { bucket, prefix }: Extract<Location, { kind: 's3' }>,
  settings: RemoteSettings,
  { world, signal, askCode, part }: RemoteOptions,
): Promise<Storage> {
  const { openS3Storage } = await import('../storage/s3/s3-storage.ts');
  return openS3Storage(
    { bucket, prefix, ...(part === undefined ? {} : { part }), ...clientOptions(settings, world, askCode) },
    { signal },
  );
}

/** Which server of S3 is asked, and by whose keys. */
export function clientOptions(
  { region, endpoint: said, profile }: RemoteSettings,
  { environment }: Pick<World, 'environment'>,
  askCode?: ClientOptions['askCode'],
): ClientOptions {
  // Where the SDK itself looks. Known here, it is asked for by path, as servers other than AWS's want it.
  const endpoint = said ?? (environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL || undefined);
  return {
    // Where it is another, AWS says so, and the request is sent there.
    region: region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    askCode,
  };
}

async function loginsOf(
  { key, passphrase, agent, password }: NonNullable<PolicyVault['ssh']>,
  world: World,
  signal: AbortSignal,
): Promise<readonly Login[]> {
  const secret = (reference: Parameters<typeof secretOf>[0]) => secretOf(reference, world, signal);
  const logins: Login[] = [];
  if (key !== undefined) {
    const opened = passphrase === undefined ? {} : { passphrase: await secret(passphrase) };
    logins.push({ kind: 'key', key: await secret(key), ...opened });
  }
  if (agent !== undefined) logins.push({ kind: 'agent', socket: agent });
  if (password !== undefined) logins.push({ kind: 'password', password: await secret(password) });
  return logins;
}

function usualLogins(world: World): readonly Login[] {
  const socket = world.environment.SSH_AUTH_SOCK;
  const keys = USUAL_KEYS.flatMap((name): Login[] => {
    const bytes = readIfThere(join(sshFolder(world), name));
    return bytes === undefined ? [] : [{ kind: 'key', key: new Secret(bytes.toString('utf8')) }];
  });
  return [...(socket ? [{ kind: 'agent', socket } as const] : []), ...keys];
}

function sshFolder({ environment }: World): string {
  return join(environment.HOME ?? userInfo().homedir, '.ssh');
}

function limited(storage: Storage, limits: RemoteSettings['limits'], { clock, processor }: World): Storage {
  if (limits === undefined) return storage;
  const { upload, download, line, share, cpu } = limits;
  const ofLine = line === undefined ? undefined : line * share;
  const rates = [upload, ofLine].filter((rate) => rate !== undefined);
  const sending = [
    ...(rates.length === 0 ? [] : [openPace(Math.min(...rates), clock)]),
    ...(cpu === undefined ? [] : [openWorkPace(cpu, processor, clock)]),
  ];
  return limiting(storage, {
    ...(sending.length === 0 ? {} : { upload: sending.reduce(together) }),
    ...(download === undefined ? {} : { download: openPace(download, clock) }),
  });
}
