import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hostFacts } from './host-facts.ts';
import { mountOf, parseMounts } from './mounts.ts';

const options = { signal: new AbortController().signal };

describe('mounts', () => {
  const mounts = parseMounts(
    [
      '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
      '30 22 8:17 / /mnt/usb\\040disk rw - ext4 /dev/sdb1 rw',
      '31 22 8:33 / /mnt rw - ext4 /dev/sdc1 rw',
      '32 22 0:44 / /mnt rw - tmpfs tmpfs rw',
      'not a line of it',
    ].join('\n'),
  );

  test('are read with their optional fields and escapes', () => {
    assert.equal(mounts.length, 4);
    assert.deepEqual(mounts[1], {
      point: '/mnt/usb disk',
      device: '8:17',
      type: 'ext4',
      source: '/dev/sdb1',
    });
  });

  test('belong to the paths below them, the last one first', () => {
    assert.equal(mountOf(mounts, '/mnt/usb disk/x')?.device, '8:17');
    assert.equal(mountOf(mounts, '/mnt/usb')?.device, '0:44');
    assert.equal(mountOf(mounts, '/mntx')?.device, '8:1');
  });
});

describe('host facts', () => {
  let root: string;
  /** Real folders, which a made-up list of mounts is about. */
  let place: string;

  before(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'hikae-facts-')));
    place = join(root, 'places');
    const mounts = ['/ 8:1 ext4 /dev/sda1'];
    const device = async (
      name: string,
      number: string,
      files: Record<string, string> = {},
      slaves: string[] = [],
    ) => {
      const folder = join(root, 'sys/devices', name);
      await mkdir(join(folder, 'slaves'), { recursive: true });
      for (const [file, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), content);
      }
      for (const slave of slaves)
        await symlink(join(root, 'sys/devices', slave), join(folder, 'slaves', slave));
      await mkdir(join(root, 'sys/dev/block'), { recursive: true });
      await symlink(folder, join(root, 'sys/dev/block', number));
    };
    const mount = async (name: string, number: string, type: string, source: string) => {
      await mkdir(join(place, name), { recursive: true });
      mounts.push(`${join(place, name)} ${number} ${type} ${source}`);
    };
    await device('sda', '8:0');
    await device('sda/sda1', '8:1', { partition: '1' });
    await device('dm-0', '253:0', { 'dm/uuid': 'CRYPT-LUKS2-0123\n' }, ['sda']);
    await device('dm-1', '253:1', { 'dm/uuid': 'LVM-abc\n' }, ['dm-0']);
    await device('dm-2', '253:2', { 'dm/uuid': 'LVM-def\n' }, ['dm-0', 'sda']);
    await mount('luks', '253:0', 'ext4', '/dev/mapper/luks');
    await mount('lvm-on-luks', '253:1', 'ext4', '/dev/mapper/lvm');
    await mount('half', '253:2', 'ext4', '/dev/mapper/half');
    await mount('plain', '8:1', 'ext4', '/dev/sda1');
    await mount('fuse', '0:50', 'fuse.gocryptfs', '/somewhere');
    await mount('nfs', '0:51', 'nfs4', 'nas:/export');
    await mount('btrfs', '0:52', 'btrfs', '/dev/dm-0');
    await mkdir(join(root, 'dev'));
    await writeFile(join(root, 'dev/dm-0'), '');
    await mkdir(join(root, 'sys/class/block'), { recursive: true });
    await symlink(join(root, 'sys/devices/dm-0'), join(root, 'sys/class/block/dm-0'));
    await mkdir(join(root, 'proc/self'), { recursive: true });
    const lines = mounts.map((line) => {
      const [point, number, type, source] = line.split(' ');
      return `1 1 ${number} / ${point} rw - ${type} ${source} rw`;
    });
    await writeFile(join(root, 'proc/self/mountinfo'), `${lines.join('\n')}\n`);
  });
  after(() => rm(root, { recursive: true }));

  for (const [name, encrypted] of [
    ['luks', true],
    ['lvm-on-luks', true],
    ['half', false],
    ['plain', false],
    ['fuse', true],
    ['nfs', undefined],
    ['btrfs', true],
  ] as const) {
    test(`${name}: ${encrypted === undefined ? 'nobody knows' : encrypted ? 'encrypted' : 'not encrypted'}`, async () => {
      const facts = hostFacts({ root, uid: 0 });
      assert.equal(await facts.isEncrypted(join(place, name), options), encrypted);
      assert.equal(await facts.isEncrypted(join(place, name, 'not', 'made', 'yet'), options), encrypted);
    });
  }

  test('a path lies on the mount that its links lead to', async () => {
    await symlink(join(place, 'luks'), join(place, 'link'));
    assert.equal(
      await hostFacts({ root, uid: 0 }).mountPointOf(join(place, 'link/x'), options),
      join(place, 'luks'),
    );
    assert.equal(await hostFacts({ root, uid: 0 }).mountPointOf('/', options), '/');
  });

  test('file systems below a path are those of disks and of the network', async () => {
    const facts = hostFacts({ root, uid: 0 });
    const below = await facts.mountsBelow(place, options);
    assert.deepEqual(
      below.map((path) => path.slice(place.length + 1)),
      ['luks', 'lvm-on-luks', 'half', 'plain', 'fuse', 'nfs', 'btrfs'],
    );
    assert.deepEqual(await facts.mountsBelow(join(place, 'luks'), options), []);
  });

  test('what is there is told from what is not, and what init finds is found here too', async () => {
    const facts = hostFacts({ root, uid: process.getuid?.() ?? -1 });
    assert.equal(await facts.exists(place, options), true);
    assert.equal(await facts.exists(join(place, 'none'), options), false);
    await mkdir(join(root, 'srv/fileshare'), { recursive: true });
    assert.deepEqual((await facts.found(options)).srv, ['/srv/fileshare']);
  });

  test('a database is found up to four levels below, and not through links', async () => {
    const facts = hostFacts({ root, uid: 0 });
    const top = join(root, 'lib');
    await mkdir(join(top, '1/2/3/4/5'), { recursive: true });
    await writeFile(join(top, '1/2/3/4/5/PG_VERSION'), '15');
    await mkdir(join(root, 'mysql'));
    await writeFile(join(root, 'mysql/ibdata1'), '');
    await symlink(join(root, 'mysql'), join(top, 'mysql'));
    assert.equal(await facts.liveDatabaseIn(top, options), undefined);
    assert.equal(await facts.liveDatabaseIn(join(top, '1'), options), join(top, '1/2/3/4/5'));
    assert.equal(await facts.liveDatabaseIn(join(root, 'mysql'), options), join(root, 'mysql'));
    assert.equal(await facts.liveDatabaseIn(join(root, 'mysql/ibdata1'), options), undefined);
    assert.equal(await facts.liveDatabaseIn(join(root, 'none'), options), undefined);
  });
});
