/** Where a vault is: a folder of this machine, a folder behind SSH, or a prefix in a bucket. */
import { isAbsolutePath, normalPath } from './paths.ts';

export type Location =
  | { readonly kind: 'local'; readonly path: string }
  | {
      readonly kind: 'sftp';
      readonly user: string | undefined;
      readonly host: string;
      readonly port: number | undefined;
      readonly path: string;
    }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

/** Undefined when the text is none of them. A URL with a password in it is none: secrets come by reference. */
export function parseLocation(text: string): Location | undefined {
  if (text.startsWith('/')) {
    return isAbsolutePath(text) ? { kind: 'local', path: normalPath(text) } : undefined;
  }
  const sftp = /^sftp:\/\/(?:([^\s@:/]+)@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(\/.*)$/.exec(
    text,
  );
  if (sftp !== null) {
    const path = sftp[4] ?? '/';
    const port = sftp[3] === undefined ? undefined : Number(sftp[3]);
    if (!isAbsolutePath(path) || (port !== undefined && (port < 1 || port > 65_535))) return undefined;
    return { kind: 'sftp', user: sftp[1], host: sftp[2] ?? '', port, path: normalPath(path) };
  }
  const s3 = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/.*)?$/.exec(text);
  if (s3 === null) return undefined;
  const path = s3[2] ?? '/';
  return isAbsolutePath(path)
    ? { kind: 's3', bucket: s3[1] ?? '', prefix: normalPath(path).slice(1) }
    : undefined;
}
