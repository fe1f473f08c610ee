/**
 * What `init` asks of a machine, and the machine's own answers. Nothing here fails because a question can't be answered:
 * what may not be seen, isn't there, or doesn't answer in time is nothing that was found. Network file systems aren't
 * entered, as one whose server is gone answers never.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../base/child-process.ts';
import { isHikaeError } from '../../base/errors.ts';
import { type Mount, mountOf, parseMounts, remoteTypes } from '../mounts.ts';
import { checkTrusted } from '../permissions.ts';
import { ifThere } from '../real-place.ts';
import { type EntryKind, openCarefully } from './careful-opening.ts';

export type Asked = { readonly signal: AbortSignal };

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

export interface InitHost {
  /** what lies in a folder, sorted by name; nothing when it isn't there */
  entries(path: string, options: Asked): Promise<readonly Entry[]>;
  kindOf(path: string, options: Asked): Promise<EntryKind | undefined>;
  /** the text of a file, up to 256 KiB of it */
  text(path: string, options: Asked): Promise<string | undefined>;
  mounts(options: Asked): Promise<readonly Mount[]>;
  /** the local sockets that some program listens on, by their paths */
  listening(options: Asked): Promise<readonly string[]>;
  /** whether a program of the system is installed */
  hasProgram(name: string, options: Asked): Promise<boolean>;
  /** what a program of the system prints; undefined when it isn't installed, fails, or takes too long */
  output(argv: readonly string[], options: Asked): Promise<string | undefined>;
  /** what was asked for and may not be seen by who runs this */
  denied(): readonly string[];
}

export interface HostOptions {
  /** the user who runs */
  readonly uid: number;
  /** DOCKER_HOST of it says where an engine is that listens elsewhere than usual */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** the folder that stands for `/` */
  readonly root?: string;
  /** how long a program may take, in milliseconds */
  readonly patience?: number;
}

/** Where programs of the system lie. PATH is not asked: a program that is run here must be nobody else's. */
const programFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
const mostText = 262_144;

export function initHost(options: HostOptions): InitHost {
  const { uid, root = '/', patience = 10_000 } = options;
  const { DOCKER_HOST } = options.environment ?? {};
  const environment = {
    PATH: programFolders.join(':'),
    LANG: 'C',
    LC_ALL: 'C',
    HOME: '/nonexistent',
    DOCKER_HOST,
  };
  const denied = new Set<string>();

  let known: Promise<readonly Mount[]> | undefined;
  const mounts = ({ signal }: Asked): Promise<readonly Mount[]> => {
    known ??= readFile(join(root, 'proc/self/mountinfo'), { encoding: 'utf8', signal }).then(parseMounts);
    return known;
  };

  const opened = async (path: string, asked: Asked) => {
    asked.signal.throwIfAborted();
    if (remoteTypes.test(mountOf(await mounts(asked), path)?.type ?? '')) return undefined;
    return openCarefully(path, { root, uid, onDenied: () => denied.add(path) });
  };

  const programOf = async (name: string, { signal }: Asked): Promise<string | undefined> => {
    for (const folder of programFolders) {
      try {
        return await checkTrusted(join(root, folder, name), { uid, signal });
      } catch (error) {
        // Not there, or somebody else could have put it there: neither is a program to run.
        if (!isHikaeError(error)) throw error;
      }
    }
    return undefined;
  };

  return {
    mounts,
    async entries(path, asked) {
      await using place = await opened(path, asked);
      return (await place?.entries()) ?? [];
    },
    async kindOf(path, asked) {
      await using place = await opened(path, asked);
      return place?.kind;
    },
    async text(path, asked) {
      await using place = await opened(path, asked);
      return await place?.text(mostText);
    },
    async listening({ signal }) {
      signal.throwIfAborted();
      const table = await ifThere(() => readFile(join(root, 'proc/net/unix'), 'utf8'));
      return table === undefined ? [] : listeningSockets(table);
    },
    hasProgram: async (name, asked) => (await programOf(name, asked)) !== undefined,
    async output([name = '', ...args], asked) {
      const program = await programOf(name, asked);
      if (program === undefined) return undefined;
      try {
        const said = await runCommand([program, ...args], {
          signal: asked.signal,
          environment,
          timeout: patience,
          most: 8_388_608,
        });
        return said.toString('utf8');
      } catch (error) {
        if (asked.signal.aborted || !isHikaeError(error)) throw error;
        return undefined;
      }
    },
    denied: () => [...denied].sort(),
  };
}

/** The flag of sockets that somebody accepts connections on, as the kernel shows it. */
const ACCEPTS = 0x10000;

function listeningSockets(table: string): readonly string[] {
  const paths = table.split('\n').flatMap((line) => {
    const [, flags, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +\d+ (\/.*)$/.exec(line) ?? [];
    if (flags === undefined || path === undefined) return [];
    return (Number.parseInt(flags, 16) & ACCEPTS) === 0 ? [] : [path];
  });
  return [...new Set(paths)].sort();
}
