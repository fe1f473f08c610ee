/** A file in `keys/`: the master key, sealed under a password. There is one for each password. */
import { scrypt } from 'node:crypto';
import { z } from 'zod';
import { Kernels } from '../../../kernels/kernels.ts';
import { type MasterKey, type RandomBytes, Sealer } from './sealing.ts';

/** The three parameters of scrypt. Memory is 128 · N · r bytes. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** About half a second of a processor of 2020, and 32 MiB: what restic chooses as well. */
export const usualCost: ScryptCost = { N: 32_768, r: 8, p: 6 };

/** A foreign file may ask for more than any machine has; beyond these it is refused unread. */
const MOST_MEMORY = 512 * 1024 * 1024;
const MOST_WORK = 1 << 26;

const SALT = 64;
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

const schema = z.object({
  created: z.string(),
  username: z.string().optional(),
  hostname: z.string().optional(),
  kdf: z.literal('scrypt'),
  N: z.int().positive(),
  r: z.int().positive(),
  p: z.int().positive(),
  salt: base64,
  data: base64,
  hikae: z.object({ recovery: z.boolean() }).optional().catch(undefined),
});

const master = z.object({
  mac: z.object({ k: base64, r: base64 }),
  encrypt: base64,
});

export interface KeyFile {
  /** milliseconds since 1970 UTC */
  readonly created: number;
  readonly username: string;
  readonly hostname: string;
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly data: Buffer;
  /** for the day when everything else is lost; only hikae marks keys so, and restic passes it over */
  readonly recovery: boolean;
}

/** Throws a SyntaxError, also for one that would cost too much to try. */
export function parseKeyFile(bytes: Uint8Array): KeyFile {
  const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  if (!parsed.success) throw new SyntaxError(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { created, username = '', hostname = '', N, r, p, salt, data, hikae } = parsed.data;
  const time = Date.parse(created);
  if (Number.isNaN(time)) throw new SyntaxError('its time of creation is none');
  if (N < 2 || (N & (N - 1)) !== 0) throw new SyntaxError('its scrypt parameter N is no power of two');
  if (128 * N * r > MOST_MEMORY || N * r * p > MOST_WORK) {
    throw new SyntaxError(`its scrypt parameters N=${N} r=${r} p=${p} cost more than is sensible`);
  }
  const file = {
    created: time,
    username,
    hostname,
    cost: { N, r, p },
    salt: Buffer.from(salt, 'base64'),
    data: Buffer.from(data, 'base64'),
    recovery: hikae?.recovery ?? false,
  };
  if (file.salt.length !== SALT) throw new SyntaxError('its salt has not 64 bytes');
  return file;
}

/** The master key, or undefined when the password is another. Throws a SyntaxError when what was sealed is no key. */
export async function unlockKeyFile(file: KeyFile, password: string): Promise<MasterKey | undefined> {
  const key = await deriveKey(password, file.salt, file.cost);
  let plain: Buffer;
  try {
    plain = sealerOf(key, noChance).open(file.data);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = master.safeParse(JSON.parse(plain.toString('utf8')));
  if (!parsed.success) throw new SyntaxError('the key in it is none');
  const { encrypt, mac } = parsed.data;
  const unlocked = {
    encrypt: Buffer.from(encrypt, 'base64'),
    k: Buffer.from(mac.k, 'base64'),
    r: Buffer.from(mac.r, 'base64'),
  };
  if (unlocked.encrypt.length !== 32 || unlocked.k.length !== 16 || unlocked.r.length !== 16) {
    throw new SyntaxError('the key in it has not its length');
  }
  return unlocked;
}

export interface NewKeyFile {
  readonly password: string;
  readonly cost: ScryptCost;
  /** RFC 3339 */
  readonly created: string;
  readonly username: string;
  readonly hostname: string;
  readonly recovery?: boolean;
}

/** The bytes of a key file that `password` unlocks. */
export async function encodeKeyFile(
  key: MasterKey,
  { password, cost, created, username, hostname, recovery = false }: NewKeyFile,
  random: RandomBytes,
): Promise<Buffer> {
  const salt = Buffer.from(random(SALT));
  const own = await deriveKey(password, salt, cost);
  const text = (bytes: Buffer) => bytes.toString('base64');
  const plain = JSON.stringify({ mac: { k: text(key.k), r: text(key.r) }, encrypt: text(key.encrypt) });
  const data = text(sealerOf(own, random).seal(Buffer.from(plain)));
  const { N, r, p } = cost;
  const mark = recovery ? { hikae: { recovery } } : {};
  return Buffer.from(
    JSON.stringify({ created, username, hostname, kdf: 'scrypt', N, r, p, salt: text(salt), data, ...mark }),
  );
}

export function newMasterKey(random: RandomBytes): MasterKey {
  const bytes = (size: number) => Buffer.from(random(size));
  return { encrypt: bytes(32), k: bytes(16), r: bytes(16) };
}

function deriveKey(password: string, salt: Buffer, { N, r, p }: ScryptCost): Promise<MasterKey> {
  const options = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(password, 'utf8'), salt, 64, options, (error, bytes) => {
      if (error !== null) reject(error);
      else resolve({ encrypt: bytes.subarray(0, 32), k: bytes.subarray(32, 48), r: bytes.subarray(48, 64) });
    });
  });
}

function sealerOf(key: MasterKey, random: RandomBytes): Sealer {
  return new Sealer(key, { kernels: new Kernels(0), random });
}

function noChance(): never {
  throw new TypeError('opening needs no chance');
}
