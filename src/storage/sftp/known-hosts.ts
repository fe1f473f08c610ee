/** The file of host keys that ssh itself reads: known_hosts, see sshd(8). */
import { createHash, createHmac } from 'node:crypto';

export interface Host {
  readonly name: string;
  readonly port: number;
}

export type HostKeyVerdict =
  | { readonly is: 'known' }
  | { readonly is: 'unknown' }
  | { readonly is: 'revoked' }
  /** fingerprints of the keys of this type that are known instead */
  | { readonly is: 'changed'; readonly known: readonly string[] };

/** What the file says of the key that a host shows, as the bytes that came over the wire. */
export function judgeHostKey(file: string, host: Host, key: Uint8Array): HostKeyVerdict {
  const shown = Buffer.from(key).toString('base64');
  const lines = linesOf(file, host);
  if (lines.some((line) => line.marker === '@revoked' && line.key === shown)) return { is: 'revoked' };
  const known = lines.filter(({ marker }) => marker === '');
  if (known.some((line) => line.key === shown)) return { is: 'known' };
  // A key of another type tells nothing of this one, but whoever asked for the known types doesn't get here with it.
  if (known.length === 0) return { is: 'unknown' };
  return { is: 'changed', known: known.map((line) => fingerprintOf(Buffer.from(line.key, 'base64'))) };
}

/** The types of keys that are known of a host, to ask it for one of these: it may have others too. */
export function knownKeyTypes(file: string, host: Host): readonly string[] {
  const known = linesOf(file, host).filter(({ marker }) => marker === '');
  return [...new Set(known.map(({ type }) => type))];
}

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The first string in a key's bytes. */
export function keyTypeOf(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return bytes.length < 4 ? '' : bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0));
}

interface Line {
  /** '', '@revoked' or '@cert-authority' */
  readonly marker: string;
  readonly type: string;
  /** in base64 */
  readonly key: string;
}

function linesOf(file: string, host: Host): readonly Line[] {
  return file.split('\n').flatMap((text) => {
    const found = /^\s*(?:(@\S+)\s+)?([^\s#]\S*)\s+(\S+)\s+([A-Za-z0-9+/]+=*)/.exec(text);
    if (found === null || !meansHost(found[2] ?? '', host)) return [];
    return [{ marker: found[1] ?? '', type: found[3] ?? '', key: found[4] ?? '' }];
  });
}

/** Names are separated by commas; one that is hashed stands alone; `!` in front excludes. */
function meansHost(names: string, { name, port }: Host): boolean {
  const full = port === 22 ? name.toLowerCase() : `[${name.toLowerCase()}]:${port}`;
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(names);
  if (hashed !== null) {
    const salt = Buffer.from(hashed[1] ?? '', 'base64');
    return createHmac('sha1', salt).update(full).digest('base64') === hashed[2];
  }
  const patterns = names.toLowerCase().split(',');
  const excluded = patterns.some((one) => one.startsWith('!') && matches(one.slice(1), full));
  return !excluded && patterns.some((one) => matches(one, full));
}

/** `*` and `?` are the only characters that mean others. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(text);
}
