/** What `explain` asks of the machine: how its disks are mounted and encrypted, and where databases live. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Discovery, discover } from './init/discovery.ts';
import { type HostOptions, initHost } from './init/host.ts';
import { type Mount, mountOf, parseMounts, remoteTypes } from './mounts.ts';
import { isWithin } from './paths.ts';
import { ifThere, realPlace } from './real-place.ts';

type Asked = { readonly signal: AbortSignal };

export interface HostFacts {
  /** whether what is written to this path ends up encrypted; undefined when that can't be told */
  isEncrypted(path: string, options: Asked): Promise<boolean | undefined>;
  /** the folder of a database server that lies at the path or up to 4 levels below it */
  liveDatabaseIn(path: string, options: Asked): Promise<string | undefined>;
  /** file systems on disks or in the network that are mounted below the path */
  mountsBelow(path: string, options: Asked): Promise<readonly string[]>;
  exists(path: string, options: Asked): Promise<boolean>;
  /** what `init` would find here */
  found(options: Asked): Promise<Discovery>;
  /** the mount point that the path, or what there is of it, lies on */
  mountPointOf(path: string, options: Asked): Promise<string | undefined>;
}

const databaseMarks = new Set(['PG_VERSION', 'ibdata1']);
const deepest = 4;
/** A bound on what a look into a large tree costs. */
const mostFolders = 20_000;
const encryptedTypes = new Set(['ecryptfs', 'fuse.gocryptfs', 'fuse.encfs', 'fuse.cryfs']);

/** The facts of the running machine; `root` is where its `/proc` and `/sys` are looked for. */
export function hostFacts(options: HostOptions): HostFacts {
  const { root = '/' } = options;
  const mountFor = async (path: string, signal: AbortSignal): Promise<Mount | undefined> => {
    const text = await readFile(join(root, 'proc/self/mountinfo'), { encoding: 'utf8', signal });
    return mountOf(parseMounts(text), await realPlace(path));
  };
  return {
    async isEncrypted(path, { signal }) {
      const mount = await mountFor(path, signal);
      if (mount === undefined) return undefined;
      if (encryptedTypes.has(mount.type)) return true;
      const device = await blockDevice(root, mount);
      return device === undefined ? undefined : isEncryptedDevice(device);
    },
    async mountPointOf(path, { signal }) {
      return (await mountFor(path, signal))?.point;
    },
    async mountsBelow(path, { signal }) {
      const text = await readFile(join(root, 'proc/self/mountinfo'), { encoding: 'utf8', signal });
      const real = await realPlace(path);
      const points = parseMounts(text)
        .filter(({ point, source, type }) => isBelow(point, real) && keepsData(source, type))
        .map(({ point }) => point);
      return [...new Set(points)];
    },
    async exists(path, { signal }) {
      signal.throwIfAborted();
      return (await ifThere(() => lstat(path))) !== undefined;
    },
    found: (asked) => discover(initHost(options), asked),
    liveDatabaseIn: (path, { signal }) => findDatabase(path, signal),
  };
}

function isBelow(path: string, folder: string): boolean {
  return path !== folder && isWithin(path, folder);
}

/** Not what the kernel or a container makes up: memory, processes, layers of images. */
function keepsData(source: string, type: string): boolean {
  return (source.startsWith('/dev/') && type !== 'squashfs') || remoteTypes.test(type) || type === 'zfs';
}

/** Level by level, so that what lies near is found before a large tree is walked. */
async function findDatabase(path: string, signal: AbortSignal): Promise<string | undefined> {
  let level = [path];
  let looked = 0;
  for (let depth = 0; depth <= deepest && looked < mostFolders; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      signal.throwIfAborted();
      looked += 1;
      if (looked > mostFolders) break;
      for (const entry of await entriesOf(folder)) {
        if (entry.isFile() && databaseMarks.has(entry.name)) return folder;
        if (entry.isDirectory()) below.push(join(folder, entry.name));
      }
    }
    level = below;
  }
  return undefined;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return (await ifThere(() => readdir(folder, { withFileTypes: true }))) ?? [];
}

/** `/sys/dev/block/253:0`, or by its name where a file system shows a number of its own, as btrfs does. */
async function blockDevice(root: string, mount: Mount): Promise<string | undefined> {
  const byNumber = await ifThere(() => realpath(join(root, 'sys/dev/block', mount.device)));
  if (byNumber !== undefined || !mount.source.startsWith('/dev/')) return byNumber;
  const node = await ifThere(() => realpath(join(root, mount.source)));
  if (node === undefined) return undefined;
  return ifThere(() => realpath(join(root, 'sys/class/block', basename(node))));
}

/** A device is encrypted when it is a dm-crypt one, or when all that it lies upon are. */
async function isEncryptedDevice(device: string): Promise<boolean> {
  const uuid = await ifThere(() => readFile(join(device, 'dm/uuid'), 'utf8'));
  if (uuid?.startsWith('CRYPT-')) return true;
  const slaves = (await ifThere(() => readdir(join(device, 'slaves')))) ?? [];
  // A partition has no slaves of its own; those of the disk that it is part of count.
  if (slaves.length === 0) {
    const partition = await ifThere(() => readFile(join(device, 'partition'), 'utf8'));
    return partition === undefined ? false : isEncryptedDevice(dirname(device));
  }
  for (const slave of slaves) {
    if (!(await isEncryptedDevice(await realpath(join(device, 'slaves', slave))))) return false;
  }
  return true;
}
