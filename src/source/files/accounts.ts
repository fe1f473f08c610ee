/**
 * The users and groups of this host, by number for a capture and by name for a restore: a rebuilt server gives its users
 * other numbers than the one that was lost, and then the name says whose a file is.
 */
import { join } from 'node:path';
import { readIfThere } from '../../base/durable-files.ts';

export interface OwnerNames {
  /** the name of a user, or '' where only the number is known */
  user(id: number): string;
  group(id: number): string;
}

export interface OwnerIds {
  /** undefined when this host knows no such user */
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
}

export interface Accounts {
  readonly names: OwnerNames;
  readonly ids: OwnerIds;
}

/** Reads `passwd` and `group` of a folder (`/etc`), once. A file that is missing knows nobody. */
export function readAccounts(folder: string): Accounts {
  const users = readTable(join(folder, 'passwd'));
  const groups = readTable(join(folder, 'group'));
  return {
    names: {
      user: (id) => users.names.get(id) ?? '',
      group: (id) => groups.names.get(id) ?? '',
    },
    ids: {
      userId: (name) => users.ids.get(name),
      groupId: (name) => groups.ids.get(name),
    },
  };
}

interface Table {
  readonly names: ReadonlyMap<number, string>;
  readonly ids: ReadonlyMap<string, number>;
}

/** `name:password:number:…`, in both files; the first line of a name or number counts, as it does for the C library. */
function readTable(path: string): Table {
  const names = new Map<number, string>();
  const ids = new Map<string, number>();
  for (const line of readIfThere(path)?.toString('utf8').split('\n') ?? []) {
    const [name = '', , number = ''] = line.split(':');
    if (name === '' || !/^\d{1,10}$/.test(number)) continue;
    const id = Number(number);
    if (!names.has(id)) names.set(id, name);
    if (!ids.has(name)) ids.set(name, id);
  }
  return { names, ids };
}
