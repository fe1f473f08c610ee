/** A tree with one of everything that Linux keeps and this user may make on this file system. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../src/base/errors.ts';
import { makeNodeAt, setTimes, setTimesAt, setXattr } from '../../src/base/libc.ts';
import type { RawName } from '../../src/base/raw-path.ts';

/** One second and a bit before 1970, and a moment that only nanoseconds tell from its neighbours. */
const OLD = -1_500_000_001n;
const FINE = 1_234_567_890_123_456_789n;

export const SPARSE = 8_000_000;

export function fillTree(root: string): void {
  const isRoot = process.geteuid?.() === 0;
  const at = (path: string) => join(root, path);
  mkdirSync(at('folder/empty'), { recursive: true });
  writeFileSync(at('plain'), 'plain');
  writeFileSync(at('nothing'), '');
  writeFileSync(at('large'), Buffer.alloc(3_500_001, 'large '));
  makeModes(at);
  makeLinks(at);
  makeOddNames(root);
  makeSparse(at('sparse'));
  makeAttributes(at, isRoot);
  makeNodes(root, isRoot);
  if (isRoot) {
    writeFileSync(at('owned'), 'owned');
    chownSync(at('owned'), 12_345, 54_321);
    chmodSync(at('owned'), 0o6751);
    symlinkSync('owned', at('owned-link'));
    execFileSync('chown', ['--no-dereference', '12345:54321', at('owned-link')]);
    mkdirSync(at('locked'));
    writeFileSync(at('locked/out'), 'locked out');
    chmodSync(at('locked/out'), 0);
    chmodSync(at('locked'), 0);
  }
  stamp(at('plain'), OLD);
  stamp(at('large'), FINE);
  stamp(at('folder/empty'), OLD);
  const folder = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  setTimesAt(folder, 'dangling' as RawName, FINE);
  closeSync(folder);
  stamp(root, FINE);
}

function makeModes(at: (path: string) => string): void {
  for (const mode of [0o4755, 0o2755, 0o1777, 0o444, 0o600]) {
    writeFileSync(at(`mode-${mode.toString(8)}`), 'mode');
    chmodSync(at(`mode-${mode.toString(8)}`), mode);
  }
  for (const mode of [0o2775, 0o1777, 0o555]) {
    mkdirSync(at(`folder-${mode.toString(8)}`));
    writeFileSync(at(`folder-${mode.toString(8)}/inside`), 'inside');
    chmodSync(at(`folder-${mode.toString(8)}`), mode);
  }
}

function makeLinks(at: (path: string) => string): void {
  writeFileSync(at('folder/group'), 'one inode');
  linkSync(at('folder/group'), at('folder/group-2'));
  linkSync(at('folder/group'), at('a-group'));
  writeFileSync(at('folder/twin'), 'same content');
  writeFileSync(at('folder/twin-2'), 'same content');
  symlinkSync('/absolute', at('absolute'));
  symlinkSync('nowhere/at/all', at('dangling'));
  symlinkSync('folder', at('to-folder'));
  symlinkSync(Buffer.from('to\xff\n"\\', 'latin1'), at('raw-target'));
}

function makeOddNames(root: string): void {
  const names = [
    'new\nline',
    'carriage\rreturn',
    '"quotes"',
    'back\\slash',
    'trailing\\',
    ' ',
    ' lead',
    'star*',
    '-dash',
  ];
  const raw = ['\xff\xfe', 'caf\xe9', '\xe6\x8e\xa7\xe3\x81\x88', '\xe2\x80\xae', '\x01\x7f', 'half\xe6\x8e'];
  for (const name of [...names, ...raw, '\r', 'x'.repeat(255)]) {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]), name);
  }
}

function makeSparse(path: string): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, SPARSE);
  writeSync(file, 'in the middle', 4_000_000);
  closeSync(file);
}

function makeAttributes(at: (path: string) => string, isRoot: boolean): void {
  writeFileSync(at('attributed'), 'attributed');
  mkdirSync(at('attributed-folder'));
  for (const path of [at('attributed'), at('attributed-folder')]) {
    const entry = openSync(path, constants.O_RDONLY);
    try {
      for (const [name, value] of [
        ['user.z', 'last'],
        ['user.a', '\0\xff'],
        ['user.empty', ''],
      ] as const) {
        setXattr(entry, name, Buffer.from(value, 'latin1'));
      }
    } catch (error) {
      // A tmpfs of an older kernel takes none from users.
      if (systemCode(error) !== 'ENOTSUP') throw error;
    } finally {
      closeSync(entry);
    }
  }
  execFileSync('setfacl', ['-m', 'u:1234:rw,g:4321:r', at('attributed')]);
  execFileSync('setfacl', ['-m', 'u:1234:rx', '-d', '-m', 'u:1234:rwx', at('attributed-folder')]);
  writeFileSync(at('attributed-folder/inherits'), 'a list of its own');
  if (!isRoot) return;
  writeFileSync(at('capable'), 'capable');
  execFileSync('setcap', ['cap_net_raw+ep', at('capable')]);
}

function makeNodes(root: string, isRoot: boolean): void {
  const folder = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  makeNodeAt(folder, 'fifo' as RawName, 'fifo', 0o640, 0n);
  makeNodeAt(folder, 'socket' as RawName, 'socket', 0o600, 0n);
  if (isRoot) {
    makeNodeAt(folder, 'null' as RawName, 'chardev', 0o666, 0x103n);
    makeNodeAt(folder, 'disk' as RawName, 'dev', 0o660, (259n << 8n) | 7n);
  }
  closeSync(folder);
}

function stamp(path: string, time: bigint): void {
  const entry = openSync(path, constants.O_RDONLY);
  setTimes(entry, time);
  closeSync(entry);
}
