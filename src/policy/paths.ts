/** Absolute paths as they are written in the policy file; nothing here looks at the disk. */

/** No `.` or `..` in it, and no control character. */
export function isAbsolutePath(text: string): boolean {
  return (
    text.startsWith('/') &&
    !/[\u0000-\u001f\u007f]/.test(text) &&
    !text.split('/').some((part) => part === '.' || part === '..')
  );
}

/** `/srv//data/` and `/srv/data` are one place. */
export function normalPath(text: string): string {
  return text.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** True for the folder itself and for everything below it. Both are normal paths. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
