/** One SSH connection: the host proves who it is by a key that is known, then we prove who we are. */
import type { AnyAuthMethod, Client, ConnectConfig, ServerHostKeyAlgorithm, SFTPWrapper } from 'ssh2';
import ssh2 from 'ssh2';
import { readIfThere } from '../../base/durable-files.ts';
import type { Secret } from '../../base/secret.ts';
import { storageErrors } from '../errors.ts';
import { fingerprintOf, type Host, judgeHostKey, keyTypeOf, knownKeyTypes } from './known-hosts.ts';

/** How we prove who we are. */
export type Login =
  | { readonly kind: 'key'; readonly key: Secret; readonly passphrase?: Secret }
  /** an ssh-agent, by the path of its socket */
  | { readonly kind: 'agent'; readonly socket: string }
  | { readonly kind: 'password'; readonly password: Secret };

export interface ConnectionOptions {
  /** the storage's location, for errors */
  readonly storage: string;
  readonly host: Host;
  readonly user: string;
  /** tried in this order */
  readonly logins: readonly Login[];
  /** path of a known_hosts file; without one no host is known */
  readonly knownHosts: string;
}

export interface Connection {
  /** the error that ended it, once it has ended */
  readonly ended: Error | undefined;
  openSftp(): Promise<SFTPWrapper>;
  end(): void;
}

/** Milliseconds until a host has to have answered and let us in. */
const PATIENCE = 20_000;
/** A line that is dead without a word is noticed after so many of these go without an answer. */
const KEEPALIVE = 15_000;
const KEEPALIVES = 4;

export async function connect(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  const { storage, host, user, knownHosts } = options;
  const file = readIfThere(knownHosts)?.toString('utf8') ?? '';
  const methods = options.logins.flatMap((login) => methodsOf(login, user, storage));
  const client = new ssh2.Client();
  let refusal: Error | undefined;
  const config: ConnectConfig = {
    host: host.name.replace(/^\[(.*)\]$/, '$1'),
    port: host.port,
    username: user,
    authHandler: methods,
    readyTimeout: PATIENCE,
    keepaliveInterval: KEEPALIVE,
    keepaliveCountMax: KEEPALIVES,
    algorithms: { serverHostKey: preferredTypes(knownKeyTypes(file, host)) },
    hostVerifier: (key: Buffer) => {
      refusal = whyRefused(file, options, key);
      return refusal === undefined;
    },
  };
  return new Promise((resolve, reject) => {
    let ended: Error | undefined;
    const stop = () => {
      client.destroy();
      reject(signal.reason);
    };
    const fail = (error: Error) => {
      ended ??= error;
      signal.removeEventListener('abort', stop);
      client.destroy();
      reject(refusal ?? namedConnectError(error, options));
    };
    signal.addEventListener('abort', stop, { once: true });
    client.on('error', (error) => {
      // Of an agent that is not there, ssh2 goes on to the next way in.
      if (error.level !== 'agent') fail(error);
    });
    client.on('close', () => fail(new Error('the connection was closed')));
    client.on('ready', () => {
      signal.removeEventListener('abort', stop);
      resolve({
        get ended() {
          return ended;
        },
        openSftp: () => openSftp(client),
        end: () => client.end(),
      });
    });
    client.connect(config);
    // Requests are small and each waits for its answer: held back to be sent together, they would take 40 ms each.
    client.setNoDelay();
  });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(error)));
  });
}

function methodsOf(login: Login, username: string, storage: string): readonly AnyAuthMethod[] {
  if (login.kind === 'agent') return [{ type: 'agent', username, agent: login.socket }];
  if (login.kind === 'key') {
    const parsed = ssh2.utils.parseKey(login.key.reveal(), login.passphrase?.reveal());
    const reason =
      parsed instanceof Error ? parsed.message : parsed.isPrivateKey() ? undefined : 'a public key';
    if (parsed instanceof Error || reason !== undefined)
      throw storageErrors.STORAGE_LOGIN_UNUSABLE({ storage, reason: reason ?? '' });
    return [{ type: 'publickey', username, key: parsed }];
  }
  const password = login.password.reveal();
  // Many a NAS asks for the password as a question, which to ssh is another method.
  return [
    { type: 'password', username, password },
    {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    },
  ];
}

/** The types that are known come first, so that the host shows one of those keys if it has one. */
function preferredTypes(known: readonly string[]): ServerHostKeyAlgorithm[] {
  const all: readonly ServerHostKeyAlgorithm[] = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
  ];
  const isKnown = (type: string) => known.includes(type.startsWith('rsa-sha2') ? 'ssh-rsa' : type);
  return [...all.filter(isKnown), ...all.filter((type) => !isKnown(type))];
}

function whyRefused(file: string, { host, knownHosts }: ConnectionOptions, key: Buffer): Error | undefined {
  const verdict = judgeHostKey(file, host, key);
  const details = {
    host: host.port === 22 ? host.name : `${host.name}:${host.port}`,
    type: keyTypeOf(key),
    fingerprint: fingerprintOf(key),
    file: knownHosts,
  };
  if (verdict.is === 'known') return undefined;
  if (verdict.is === 'unknown') return storageErrors.STORAGE_HOST_KEY_UNKNOWN(details);
  if (verdict.is === 'revoked') return storageErrors.STORAGE_HOST_KEY_REVOKED(details);
  return storageErrors.STORAGE_HOST_KEY_CHANGED({ ...details, known: verdict.known });
}

function namedConnectError(error: Error & { level?: string }, { storage, user }: ConnectionOptions): Error {
  const details = { storage, reason: error.message };
  return error.level === 'client-authentication'
    ? storageErrors.STORAGE_LOGIN_FAILED({ ...details, user }, { cause: error })
    : storageErrors.STORAGE_OUT_OF_REACH(details, { cause: error });
}
