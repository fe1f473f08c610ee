/** Names of the users and groups that files belong to, as this host's own files tell them. */
import { join } from 'node:path';
import { readIfThere } from '../../base/durable-files.ts';

export interface OwnerNames {
  /** the name of a user, or '' where only the number is known */
  user(id: number): string;
  group(id: number): string;
}

/** Reads `passwd` and `group` of a folder (`/etc`), once. The first of several names of a number counts, as for libc. */
export function readOwnerNames(folder: string): OwnerNames {
  const users = readTable(join(folder, 'passwd'));
  const groups = readTable(join(folder, 'group'));
  return {
    user: (id) => users.get(id) ?? '',
    group: (id) => groups.get(id) ?? '',
  };
}

/** Both files have the name in the first and the number in the third field. */
function readTable(path: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of (readIfThere(path) ?? '').toString('utf8').split('\n')) {
    const [name = '', , number = ''] = line.split(':');
    if (name === '' || !/^\d+$/.test(number) || names.has(Number(number))) continue;
    names.set(Number(number), name);
  }
  return names;
}
