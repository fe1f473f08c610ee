import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawPath } from '../base/raw-path.ts';
import type { Node } from '../model/node.ts';
import { nodeLine, nodeView } from './node-view.ts';
import { exactNodeTime, shownNodeTime, shownTime } from './shown.ts';

const file: Node = {
  path: 'data/\xe6\x97\xa5\xff\n' as RawPath,
  type: 'file',
  mode: 0o644,
  uid: 8,
  gid: 12,
  user: 'mail',
  group: '',
  mtime: 1_795_320_337_962_123_456n,
  ctime: 0n,
  inode: 1n,
  device: 1n,
  links: 1,
  size: 4_096,
  rdev: 0n,
  sha256: 'ab'.repeat(32),
  xattrs: [{ name: 'user.a', value: Buffer.from([0, 255]) }],
  holes: [{ offset: 0, length: 4_096 }],
};

describe('nodeLine', () => {
  it('shows a node as `ls -l` does, its name as text whatever its bytes are', () => {
    assert.equal(
      nodeLine(file, 'Asia/Tokyo'),
      '-rw-r--r--  mail      12         4.10 kB  2026-11-22 13:05  data/日\\xff\\n',
    );
    const link = { ...file, type: 'symlink' as const, target: 'b c' as RawPath };
    assert.match(nodeLine(link, 'UTC'), /^l.* -> b c$/);
  });

  for (const [mode, shown] of [
    [0, '---------'],
    [0o777, 'rwxrwxrwx'],
    [0o4755, 'rwsr-xr-x'],
    [0o2644, 'rw-r-Sr--'],
    [0o1777, 'rwxrwxrwt'],
    [0o7000, '--S--S--T'],
  ] as const) {
    it(`shows the mode ${mode.toString(8)} as ${shown}`, () => {
      assert.equal(nodeLine({ ...file, mode }, 'UTC').slice(1, 10), shown);
    });
  }
});

describe('nodeView', () => {
  it('has everything of a node, as values that JSON can hold', () => {
    assert.deepEqual(nodeView(file, 'Asia/Tokyo'), {
      path: 'data/日\\xff\\n',
      type: 'file',
      mode: '0644',
      uid: 8,
      gid: 12,
      user: 'mail',
      group: '',
      mtime: '2026-11-22T13:05:37.962123456+09:00',
      size: 4096,
      links: 1,
      sha256: 'ab'.repeat(32),
      holes: [{ offset: 0, length: 4096 }],
      xattrs: [{ name: 'user.a', base64: 'AP8=' }],
    });
  });
});

describe('times', () => {
  it('keep all their digits, also before 1970', () => {
    assert.equal(exactNodeTime(0n, 'UTC'), '1970-01-01T00:00:00.000000000+00:00');
    assert.equal(exactNodeTime(-1n, 'UTC'), '1969-12-31T23:59:59.999999999+00:00');
    assert.equal(exactNodeTime(1n, 'Asia/Tokyo'), '1970-01-01T09:00:00.000000001+09:00');
  });

  it('are shown somehow where they can not be', () => {
    const never = 2n ** 80n;
    assert.equal(exactNodeTime(never, 'UTC'), String(never));
    assert.match(shownNodeTime(never, 'UTC'), /^\d{19}$/);
    assert.equal(shownTime(0, 'Mars/Olympus'), '1970-01-01 00:00Z');
    assert.equal(exactNodeTime(5n, 'Mars/Olympus'), exactNodeTime(5n, 'UTC'));
  });
});
