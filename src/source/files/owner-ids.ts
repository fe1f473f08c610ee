/**
 * The numbers that owners and groups have on this host. A rebuilt server gives its users other numbers than the one
 * that was lost, and then the name says whose a file is.
 */
import { readIfThere } from '../../base/durable-files.ts';

export interface OwnerIds {
  /** undefined when this host knows no such user */
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
}

/** Reads both files once; one that is missing knows nobody. */
export function readOwnerIds(passwd = '/etc/passwd', group = '/etc/group'): OwnerIds {
  const users = idsIn(readIfThere(passwd));
  const groups = idsIn(readIfThere(group));
  return { userId: (name) => users.get(name), groupId: (name) => groups.get(name) };
}

/** `name:password:number:…`, in both files; the first line of a name counts, as it does for the C library. */
function idsIn(file: Buffer | undefined): Map<string, number> {
  const ids = new Map<string, number>();
  for (const line of file?.toString('utf8').split('\n') ?? []) {
    const [name = '', , number = ''] = line.split(':');
    if (name !== '' && /^\d{1,10}$/.test(number) && !ids.has(name)) ids.set(name, Number(number));
  }
  return ids;
}
