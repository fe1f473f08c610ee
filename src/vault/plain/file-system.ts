/** What the file system under a vault can do, found out by doing it. */
import { closeSync, constants, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { changeMode, linkAt, setTimes, setXattr, statusAt, statusOf, symlinkAt } from '../../base/libc.ts';
import { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName, RawPath } from '../../base/raw-path.ts';
import { vaultErrors } from '../errors.ts';
import type { Keeps } from './file-jobs.ts';
import { OWN } from './layout.ts';

/** A time that only a clock of nanoseconds can keep. */
const FINE_TIME = 1_234_567_890_123_456_789n;

/** Throws VAULT_FILE_SYSTEM naming what is missing; else tells what beyond it there is. */
export function probeFileSystem(root: string, privileged: boolean): Keeps {
  const path = join(root, `${OWN}.probe`);
  mkdirSync(path, { mode: 0o700 });
  const folder = OpenDirectory.open(path as RawPath);
  try {
    const file = openSync(join(path, 'file'), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      writeSync(file, 'probe');
      need(root, 'hard links', () =>
        linkAt(folder.descriptor, name('file'), folder.descriptor, name('link')),
      );
      need(root, 'symbolic links', () => symlinkAt(name('file'), folder.descriptor, name('symlink')));
      need(root, 'file modes', () => {
        changeMode(file, 0o640);
        return statusOf(file).mode === 0o640;
      });
      need(root, 'times in nanoseconds', () => {
        setTimes(file, FINE_TIME);
        return statusAt(folder.descriptor, name('file')).mtime === FINE_TIME;
      });
      return {
        owners: privileged,
        xattrs: probes.filter(([, key, value]) => takes(file, key, value)).map(([is]) => is),
      };
    } finally {
      closeSync(file);
    }
  } finally {
    folder.release();
    rmSync(path, { recursive: true });
  }
}

/** An access control list with one named user more than the mode says; and the capability to open low ports. */
const probes: readonly (readonly [beginning: string, key: string, value: Buffer])[] = [
  ['user.', 'user.hikae', Buffer.from('probe')],
  [
    'system.posix_acl_',
    'system.posix_acl_access',
    Buffer.from(
      '0200000001000600ffffffff020004000100000004000400ffffffff10000600ffffffff20000000ffffffff',
      'hex',
    ),
  ],
  [
    'security.capability',
    'security.capability',
    Buffer.from('0100000200040000000000000000000000000000', 'hex'),
  ],
];

function takes(file: number, key: string, value: Buffer): boolean {
  try {
    setXattr(file, key, value);
    return true;
  } catch (error) {
    if (['ENOTSUP', 'EPERM', 'EACCES', 'EINVAL', 'ENOSPC', 'ERANGE'].includes(systemCode(error) ?? ''))
      return false;
    throw error;
  }
}

/** Runs a trial that either fails or answers whether it worked. */
function need(root: string, lacks: string, trial: () => unknown): void {
  let works: boolean;
  try {
    works = trial() !== false;
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EINVAL', 'ENOSYS', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
    works = false;
  }
  if (!works) throw vaultErrors.VAULT_FILE_SYSTEM({ path: root, lacks });
}

function name(text: string): RawName {
  return text as RawName;
}
