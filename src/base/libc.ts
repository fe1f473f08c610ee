/**
 * The calls of the C library that Node.js doesn't offer: those relative to an open directory, with nanoseconds,
 * extended attributes, devices, whole-file-system sync and file locks.
 *
 * A path is resolved from a directory's descriptor and names one entry in it, so that no link on the way can be swapped
 * under us. A failed call throws what `node:fs` would throw: an Error with `code` (ENOENT …), `errno` and `syscall`.
 */
import { constants } from 'node:fs';
import koffi from 'koffi';
import { goQuote } from './go-quoting.ts';
import { isAscii, type RawName, type RawPath } from './raw-path.ts';

const libc = koffi.load('libc.so.6');

/** `int` results below zero and pointers that are null mean: look at errno. */
const calls = {
  openat: libc.func('int openat(int directory, const char *path, int flags, uint32_t mode)'),
  statx: libc.func('int statx(int directory, const char *path, int flags, uint32_t mask, void *result)'),
  linkat: libc.func('int linkat(int from, const char *path, int to, const char *name, int flags)'),
  mkdirat: libc.func('int mkdirat(int directory, const char *path, uint32_t mode)'),
  renameat: libc.func('int renameat(int from, const char *path, int to, const char *name)'),
  renameat2: libc.func('int renameat2(int from, const char *path, int to, const char *name, uint32_t flags)'),
  unlinkat: libc.func('int unlinkat(int directory, const char *path, int flags)'),
  symlinkat: libc.func('int symlinkat(const char *target, int directory, const char *path)'),
  readlinkat: libc.func('int64_t readlinkat(int directory, const char *path, void *result, uint64_t size)'),
  mknodat: libc.func('int mknodat(int directory, const char *path, uint32_t mode, uint64_t device)'),
  fchownat: libc.func('int fchownat(int directory, const char *path, uint32_t uid, uint32_t gid, int flags)'),
  fchmod: libc.func('int fchmod(int fd, uint32_t mode)'),
  utimensat: libc.func('int utimensat(int directory, const char *path, const void *times, int flags)'),
  futimens: libc.func('int futimens(int fd, const void *times)'),
  getdents64: libc.func('int64_t getdents64(int fd, void *entries, uint64_t size)'),
  lseek: libc.func('int64_t lseek(int fd, int64_t offset, int whence)'),
  syncfs: libc.func('int syncfs(int fd)'),
  sync_file_range: libc.func('int sync_file_range(int fd, int64_t offset, int64_t size, unsigned int flags)'),
  flock: libc.func('int flock(int fd, int operation)'),
  flistxattr: libc.func('int64_t flistxattr(int fd, void *list, uint64_t size)'),
  fgetxattr: libc.func('int64_t fgetxattr(int fd, const char *name, void *value, uint64_t size)'),
  fsetxattr: libc.func(
    'int fsetxattr(int fd, const char *name, const void *value, uint64_t size, int flags)',
  ),
  fremovexattr: libc.func('int fremovexattr(int fd, const char *name)'),
  llistxattr: libc.func('int64_t llistxattr(const char *path, void *list, uint64_t size)'),
  lgetxattr: libc.func('int64_t lgetxattr(const char *path, const char *name, void *value, uint64_t size)'),
  lsetxattr: libc.func(
    'int lsetxattr(const char *path, const char *name, const void *value, uint64_t size, int flags)',
  ),
  lremovexattr: libc.func('int lremovexattr(const char *path, const char *name)'),
};

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const RENAME_EXCHANGE = 2;
const STATX_BASIC_STATS = 0x7ff;
const SEEK_SET = 0;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const RENAME_NOREPLACE = 1;
const SYNC_FILE_RANGE_WRITE = 2;
const LOCK_EX_NB = 2 | 4;
const LOCK_SH_NB = 1 | 4;

/** What an entry is and has; the file-type bits of st_mode are in `type`, the others in `mode`. */
export interface Status {
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly size: number;
  /** blocks of 512 bytes that it really takes */
  readonly blocks: number;
  readonly inode: bigint;
  readonly device: bigint;
  readonly rdev: bigint;
  /** nanoseconds since 1970 UTC */
  readonly mtime: bigint;
  readonly ctime: bigint;
}

export type EntryType = 'dir' | 'file' | 'symlink' | 'fifo' | 'chardev' | 'dev' | 'socket';

const types: Readonly<Record<number, EntryType>> = {
  [constants.S_IFDIR]: 'dir',
  [constants.S_IFREG]: 'file',
  [constants.S_IFLNK]: 'symlink',
  [constants.S_IFIFO]: 'fifo',
  [constants.S_IFCHR]: 'chardev',
  [constants.S_IFBLK]: 'dev',
  [constants.S_IFSOCK]: 'socket',
};

const statxResult = Buffer.alloc(256);
const statxView = new DataView(statxResult.buffer, statxResult.byteOffset, statxResult.byteLength);

/** The entry itself, never what a symlink points to. */
export function statusAt(directory: number, name: RawPath): Status {
  const done = calls.statx(directory, terminated(name), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, statxResult);
  if (done !== 0) throw failure('statx', name);
  return readStatus();
}

export function statusOf(descriptor: number): Status {
  if (calls.statx(descriptor, '', AT_EMPTY_PATH, STATX_BASIC_STATS, statxResult) !== 0)
    throw failure('statx');
  return readStatus();
}

/** Layout of `struct statx`: see statx(2); it is the same on every architecture. */
function readStatus(): Status {
  const mode = statxView.getUint16(28, true);
  return {
    type: types[mode & constants.S_IFMT] as EntryType,
    mode: mode & 0o7777,
    uid: statxView.getUint32(20, true),
    gid: statxView.getUint32(24, true),
    links: statxView.getUint32(16, true),
    inode: statxView.getBigUint64(32, true),
    size: Number(statxView.getBigUint64(40, true)),
    blocks: Number(statxView.getBigUint64(48, true)),
    ctime: statxView.getBigInt64(96, true) * 1_000_000_000n + BigInt(statxView.getUint32(104, true)),
    mtime: statxView.getBigInt64(112, true) * 1_000_000_000n + BigInt(statxView.getUint32(120, true)),
    rdev: deviceNumber(statxView.getUint32(128, true), statxView.getUint32(132, true)),
    device: deviceNumber(statxView.getUint32(136, true), statxView.getUint32(140, true)),
  };
}

/** glibc's gnu_dev_makedev: how st_dev and st_rdev pack major and minor into 64 bits. */
function deviceNumber(major: number, minor: number): bigint {
  if (major < 0x1000 && minor < 0x100) return BigInt(major * 256 + minor);
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
}

/** Opens an entry without following a symlink; `flags` are those of `node:fs` constants. */
export function openAt(directory: number, name: RawPath, flags: number, mode = 0): number {
  const descriptor = calls.openat(
    directory,
    terminated(name),
    flags | constants.O_NOFOLLOW | O_CLOEXEC,
    mode,
  );
  if (descriptor < 0) throw failure('open', name);
  return descriptor;
}

/** Opens a directory to resolve names from. */
export function openDirectoryAt(directory: number, name: RawPath): number {
  return openAt(directory, name, constants.O_RDONLY | constants.O_DIRECTORY);
}

const O_CLOEXEC = 0o2000000;

export function linkAt(from: number, name: RawPath, to: number, newName: RawPath): void {
  if (calls.linkat(from, terminated(name), to, terminated(newName), 0) !== 0) throw failure('link', newName);
}

export function makeDirectoryAt(directory: number, name: RawPath, mode: number): void {
  if (calls.mkdirat(directory, terminated(name), mode) !== 0) throw failure('mkdir', name);
}

export function renameAt(from: number, name: RawPath, to: number, newName: RawPath): void {
  if (calls.renameat(from, terminated(name), to, terminated(newName)) !== 0) throw failure('rename', newName);
}

/** Two entries of one file system take each other's place, both at once. */
export function exchangeAt(from: number, name: RawPath, to: number, otherName: RawPath): void {
  const done = calls.renameat2(from, terminated(name), to, terminated(otherName), RENAME_EXCHANGE);
  if (done !== 0) throw failure('exchange', otherName);
}

/** Renames only when the new name is free, else EEXIST; EINVAL on file systems that can't promise it (NFS, FUSE). */
export function renameToFreeAt(from: number, name: RawPath, to: number, newName: RawPath): void {
  if (calls.renameat2(from, terminated(name), to, terminated(newName), RENAME_NOREPLACE) !== 0)
    throw failure('rename', newName);
}

export function unlinkAt(directory: number, name: RawPath): void {
  if (calls.unlinkat(directory, terminated(name), 0) !== 0) throw failure('unlink', name);
}

export function removeDirectoryAt(directory: number, name: RawPath): void {
  if (calls.unlinkat(directory, terminated(name), AT_REMOVEDIR) !== 0) throw failure('rmdir', name);
}

export function symlinkAt(target: RawPath, directory: number, name: RawPath): void {
  if (calls.symlinkat(terminated(target), directory, terminated(name)) !== 0) throw failure('symlink', name);
}

const entriesBuffer = Buffer.alloc(262_144);

/**
 * The names in an open directory, in no order, without `.` and `..`; from the beginning at each call. Reading its
 * descriptor costs half of what opening the directory a second time by a path would.
 */
export function listDirectory(descriptor: number): RawName[] {
  if (calls.lseek(descriptor, 0, SEEK_SET) < 0) throw failure('lseek');
  const names: RawName[] = [];
  while (true) {
    const length = Number(calls.getdents64(descriptor, entriesBuffer, entriesBuffer.length));
    if (length < 0) throw failure('getdents64');
    if (length === 0) return names;
    // `struct linux_dirent64`, see getdents(2): inode and offset of 8 bytes, record length of 2, type of 1, name.
    for (let at = 0; at < length; at += entriesBuffer.readUInt16LE(at + 16)) {
      const name = entriesBuffer.toString('latin1', at + 19, entriesBuffer.indexOf(0, at + 19));
      if (name !== '.' && name !== '..') names.push(name as RawName);
    }
  }
}

const linkBuffer = Buffer.alloc(65_536);

export function readLinkAt(directory: number, name: RawPath): RawPath {
  const length = Number(calls.readlinkat(directory, terminated(name), linkBuffer, linkBuffer.length));
  if (length < 0) throw failure('readlink', name);
  return linkBuffer.toString('latin1', 0, length) as RawPath;
}

/** Makes a FIFO, a device or a socket's node. */
export function makeNodeAt(
  directory: number,
  name: RawPath,
  type: EntryType,
  mode: number,
  rdev: bigint,
): void {
  const bits = Number(Object.keys(types).find((key) => types[Number(key)] === type));
  if (calls.mknodat(directory, terminated(name), bits | mode, rdev) !== 0) throw failure('mknod', name);
}

export function changeOwnerAt(directory: number, name: RawPath, uid: number, gid: number): void {
  if (calls.fchownat(directory, terminated(name), uid, gid, AT_SYMLINK_NOFOLLOW) !== 0)
    throw failure('chown', name);
}

export function changeOwner(descriptor: number, uid: number, gid: number): void {
  if (calls.fchownat(descriptor, '', uid, gid, AT_EMPTY_PATH) !== 0) throw failure('chown');
}

export function changeMode(descriptor: number, mode: number): void {
  if (calls.fchmod(descriptor, mode) !== 0) throw failure('chmod');
}

const timesBuffer = Buffer.alloc(32);
// Buffer.writeBigInt64LE goes byte by byte, and takes as long as the call.
const timesView = new DataView(timesBuffer.buffer, timesBuffer.byteOffset, timesBuffer.length);

/** Sets the modification time, in nanoseconds, of an entry itself; the access time becomes the same. */
export function setTimesAt(directory: number, name: RawPath, mtime: bigint): void {
  writeTimes(mtime);
  if (calls.utimensat(directory, terminated(name), timesBuffer, AT_SYMLINK_NOFOLLOW) !== 0) {
    throw failure('utimensat', name);
  }
}

export function setTimes(descriptor: number, mtime: bigint): void {
  writeTimes(mtime);
  if (calls.futimens(descriptor, timesBuffer) !== 0) throw failure('futimens');
}

function writeTimes(mtime: bigint): void {
  // A time before 1970 has negative seconds and still positive nanoseconds.
  const nanoseconds = ((mtime % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (mtime - nanoseconds) / 1_000_000_000n;
  for (let at = 0; at < 32; at += 16) {
    timesView.setBigInt64(at, seconds, true);
    timesView.setBigInt64(at + 8, nanoseconds, true);
  }
}

/** The next range of data at or after `from`, or undefined when only a hole follows. */
export function nextData(descriptor: number, from: number): { offset: number; end: number } | undefined {
  const offset = Number(calls.lseek(descriptor, from, SEEK_DATA));
  if (offset < 0) {
    const error = failure('lseek');
    if (error.code === 'ENXIO') return undefined;
    throw error;
  }
  const end = Number(calls.lseek(descriptor, offset, SEEK_HOLE));
  if (end < 0) throw failure('lseek');
  return { offset, end };
}

/** Writes everything of the file system that the descriptor is on; returns when it is on the disk. */
export async function syncFileSystem(descriptor: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    calls.syncfs.async(descriptor, (error: unknown, result: number) => {
      if (error !== null && error !== undefined) reject(error);
      // errno belongs to the thread that called; what syncfs reports is a failed write.
      else if (result !== 0)
        reject(Object.assign(new Error('EIO: syncfs'), { code: 'EIO', syscall: 'syncfs' }));
      else resolve();
    });
  });
}

/**
 * Has the disk begin with what is written of a range already, so that a later sync finds little left. A hint: whether it
 * came through, that sync tells.
 */
export function beginWriteOut(descriptor: number, offset: number, length: number): void {
  calls.sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

/** Takes the lock of an open file, which is given back with its last descriptor; false when another has it. */
export function tryLock(descriptor: number, kind: 'exclusive' | 'shared'): boolean {
  if (calls.flock(descriptor, kind === 'exclusive' ? LOCK_EX_NB : LOCK_SH_NB) === 0) return true;
  const error = failure('flock');
  if (error.code === 'EAGAIN') return false;
  throw error;
}

/** What the attributes of an open file or directory are asked by; a symlink has none of its own to open. */
export type XattrPlace = number | { readonly directory: number; readonly name: RawPath };

const listBuffer = Buffer.alloc(65_536);
const valueBuffer = Buffer.alloc(65_536);

/** Names of extended attributes, in the order in which the kernel lists them; none where there is no support. */
export function listXattrs(place: XattrPlace): string[] {
  const length = Number(
    typeof place === 'number'
      ? calls.flistxattr(place, listBuffer, listBuffer.length)
      : calls.llistxattr(entryPath(place), listBuffer, listBuffer.length),
  );
  if (length === 0) return [];
  if (length < 0) {
    const error = failure('listxattr');
    if (error.code === 'ENOTSUP') return [];
    throw error;
  }
  return listBuffer.toString('latin1', 0, length - 1).split('\0');
}

/** A value, or undefined when the attribute has gone meanwhile. */
export function getXattr(place: XattrPlace, name: string): Buffer | undefined {
  const key = terminated(name as RawPath);
  const length = Number(
    typeof place === 'number'
      ? calls.fgetxattr(place, key, valueBuffer, valueBuffer.length)
      : calls.lgetxattr(entryPath(place), key, valueBuffer, valueBuffer.length),
  );
  if (length >= 0) return Buffer.from(valueBuffer.subarray(0, length));
  const error = failure('getxattr');
  if (error.code === 'ENODATA') return undefined;
  throw error;
}

export function setXattr(place: XattrPlace, name: string, value: Buffer): void {
  const key = terminated(name as RawPath);
  const done =
    typeof place === 'number'
      ? calls.fsetxattr(place, key, value, value.length, 0)
      : calls.lsetxattr(entryPath(place), key, value, value.length, 0);
  if (done !== 0) throw failure('setxattr', name as RawPath);
}

export function removeXattr(place: XattrPlace, name: string): void {
  const key = terminated(name as RawPath);
  const done =
    typeof place === 'number' ? calls.fremovexattr(place, key) : calls.lremovexattr(entryPath(place), key);
  if (done !== 0) throw failure('removexattr', name as RawPath);
}

/** There is no lgetxattrat; the kernel's own link to an open directory serves, and can't be swapped. */
function entryPath(place: { directory: number; name: RawPath }): string | Buffer {
  return terminated(`/proc/self/fd/${place.directory}/${place.name}` as RawPath);
}

/** An ASCII path goes as it is; of any other the bytes, with the NUL that ends a C string. */
function terminated(path: RawPath): string | Buffer {
  // C would see a shorter name than the one that was checked.
  if (path.includes('\0')) throw new TypeError('a path holds a NUL byte');
  return isAscii(path) ? path : Buffer.from(`${path}\0`, 'latin1');
}

function failure(syscall: string, path?: RawPath): NodeJS.ErrnoException {
  const errno = koffi.errno();
  const code = errorNames.get(errno) ?? `E${errno}`;
  const shown = path === undefined ? '' : ` '${goQuote(path)}'`;
  return Object.assign(new Error(`${code}: ${syscall}${shown}`), { code, errno, syscall });
}

const errorNames = new Map(
  Object.entries(koffi.os.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'EOPNOTSUPP')
    .map(([name, value]) => [value as number, name]),
);
