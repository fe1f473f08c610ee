/** The lines of /proc/self/mountinfo. */
import { isWithin } from './paths.ts';

export interface Mount {
  readonly point: string;
  /** `major:minor` */
  readonly device: string;
  readonly type: string;
  readonly source: string;
}

/** File systems whose data lie on another machine, and may never answer. */
export const remoteTypes = /^(?:nfs\d?|cifs|smb3|smbfs|ceph|glusterfs|lustre|9p|afs|autofs|davfs|fuse\..*)$/;

export function parseMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , device, , point] = before?.split(' ') ?? [];
    const [type, source] = after?.split(' ') ?? [];
    if (device === undefined || point === undefined || type === undefined || source === undefined) return [];
    return [{ point: unescaped(point), device, type, source: unescaped(source) }];
  });
}

/** The mount that a path lies on; of several at one point the last one covers the others. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (!isWithin(path, mount.point)) continue;
    if (found === undefined || mount.point.length >= found.point.length) found = mount;
  }
  return found;
}

/** Spaces, tabs, newlines and backslashes are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
