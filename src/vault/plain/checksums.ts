/** `checksums.sha256`, as `sha256sum -c` reads it. Source: the GNU coreutils manual, "cksum output modes". */
import type { RawPath } from '../../base/raw-path.ts';

/** A line, as bytes-in-a-string. A name with a backslash or a line break is escaped, and the line says so by a backslash. */
export function checksumLine(sha256: string, path: RawPath): string {
  if (!/[\\\n\r]/.test(path)) return `${sha256}  ${path}\n`;
  const escaped = path.replace(/[\\\n\r]/g, (one) => (one === '\n' ? '\\n' : one === '\r' ? '\\r' : '\\\\'));
  return `\\${sha256}  ${escaped}\n`;
}

export function parseChecksumLine(line: string): { sha256: string; path: RawPath } | undefined {
  const found = /^(\\?)([0-9a-f]{64}) [ *](.+)$/s.exec(line);
  if (found === null) return undefined;
  const [, escaped, sha256 = '', name = ''] = found;
  const path =
    escaped === ''
      ? name
      : name.replace(/\\(.)/g, (_, one) => (one === 'n' ? '\n' : one === 'r' ? '\r' : one));
  return { sha256, path: path as RawPath };
}
