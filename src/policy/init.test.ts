import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { languages } from '../base/language.ts';
import { initHost } from './discovery.ts';
import { initPolicy } from './init.ts';
import { checkPolicy } from './load.ts';
import { originOf } from './meaning.ts';
import type { Policy } from './policy-file.ts';

const signal = new AbortController().signal;

describe('init', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hikae-init-'));
    await mounted('22 1 8:1 / / rw - ext4 /dev/sda1 rw');
  });
  afterEach(() => rm(root, { recursive: true }));

  async function folders(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await mkdir(join(root, path), { recursive: true });
  }

  async function file(path: string): Promise<void> {
    await folders(dirname(path));
    await writeFile(join(root, path), '');
  }

  async function mounted(...lines: readonly string[]): Promise<void> {
    await folders('proc/self');
    await writeFile(join(root, 'proc/self/mountinfo'), `${lines.join('\n')}\n`);
  }

  /** Writes one in each language, and gives what both say. */
  async function written(hostname = 'dell'): Promise<{ policy: Policy; text: string }> {
    const host = initHost({ hostname, timezone: 'Asia/Tokyo', root });
    const loaded: { policy: Policy; text: string }[] = [];
    for (const language of languages) {
      const text = await initPolicy(host, { language, signal });
      const checked = checkPolicy(text, { hostname: 'default', timezone: 'UTC', file: 'x' });
      assert.ok(checked.ok, `${text}\n${JSON.stringify(checked)}`);
      assert.equal(checked.policy.lang, language);
      loaded.push({ policy: checked.policy, text });
    }
    const [english, japanese] = loaded;
    assert.ok(english !== undefined && japanese !== undefined);
    assert.deepEqual(japanese.policy.targets, english.policy.targets);
    assert.deepEqual(japanese.policy.vaults, english.policy.vaults);
    assert.match(japanese.text, /# 守る対象/);
    return english;
  }

  function filesOf(policy: Policy): Record<string, string> {
    return Object.fromEntries(
      Object.entries(policy.targets).flatMap(([target, { components }]) =>
        Object.entries(components).map(([component, settings]) => {
          const origin = originOf(settings);
          assert.ok(origin?.kind === 'files');
          const without = origin.exclude.length === 0 ? '' : ` without ${origin.exclude.join(' ')}`;
          return [`${target}/${component}`, `${origin.roots.join(' ')}${without}`];
        }),
      ),
    );
  }

  test('on a bare machine writes /etc and says that the vault is on the same disk', async () => {
    const { policy, text } = await written();
    assert.deepEqual(filesOf(policy), { 'system/etc': '/etc' });
    assert.equal(policy.vaults.local?.plain, '/var/backups/hikae');
    assert.equal(policy.vaults.local?.mounted, undefined);
    assert.match(text, /same disk as the data/);
    assert.equal(policy.host, 'dell');
    assert.equal(policy.timezone, 'Asia/Tokyo');
  });

  test('finds mail, sites, other folders of /srv and homes, and takes nothing twice', async () => {
    await folders('var/vmail', 'var/www/html', 'home/taro/Maildir/cur');
    await folders(
      'srv/mailserver/data/mail/vmail/example.org',
      'srv/mailserver/config',
      'srv/fileshare',
      'srv/latest',
    );
    await file('srv/blog/sites/one/wp-config.php');
    await file('srv/shop/wp-config.php');
    const { policy, text } = await written();
    assert.deepEqual(filesOf(policy), {
      'system/etc': '/etc',
      'mail/vmail': '/var/vmail',
      'mail/vmail-2': '/srv/mailserver/data/mail/vmail',
      'web/www': '/var/www',
      'web/sites': '/srv/blog/sites',
      'web/shop': '/srv/shop',
      'srv/blog': '/srv/blog without /sites',
      'srv/fileshare': '/srv/fileshare',
      'srv/data-latest': '/srv/latest',
      'srv/mailserver': '/srv/mailserver without /data/mail/vmail',
      'home/home': '/home',
    });
    assert.equal(text.match(/WordPress/g)?.length, 2);
  });

  test('proposes a vault on a disk of its own', async () => {
    await mounted(
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '23 22 8:1 / /mnt/bind rw - ext4 /dev/sda1 rw',
      '24 22 0:50 / /mnt/ram rw - tmpfs tmpfs rw',
      '25 22 8:33 / /media/stick rw - vfat /dev/sdc1 rw',
      '26 22 8:17 / /mnt/backup\\040hdd rw - ext4 /dev/sdb1 rw',
    );
    const { policy } = await written();
    assert.equal(policy.vaults.local?.plain, '/mnt/backup hdd/hikae');
    assert.equal(policy.vaults.local?.mounted, '/mnt/backup hdd');
  });

  test('names the databases that it found, as something to fill in', async () => {
    await file('var/lib/mysql/ibdata1');
    await folders('var/lib/postgresql/15');
    const { text } = await written();
    assert.match(text, /# mysql: \{ mysql: /);
    assert.match(text, /# postgres: \{ postgres: /);
    const commented = text.replace(/# ((?:mysql|postgres): )/g, '$1');
    const checked = checkPolicy(commented, { hostname: 'x', timezone: 'UTC', file: 'x' });
    assert.ok(checked.ok, JSON.stringify(checked));
  });

  test('writes names that YAML or the policy would read otherwise so that they are read right', async () => {
    await folders(
      "srv/it's: [a] #1",
      'srv/日本',
      'srv/-x',
      'srv/UPPER',
      'srv/upper',
      'srv/a.partial',
      'srv/no',
      'srv/123',
    );
    await folders('srv/*star/vmail');
    const { policy } = await written('123');
    assert.deepEqual(Object.values(filesOf(policy)).sort(), [
      '/etc',
      '/srv/*star without /vmail',
      '/srv/*star/vmail',
      '/srv/-x',
      '/srv/123',
      '/srv/UPPER',
      '/srv/a.partial',
      "/srv/it's: [a] #1",
      '/srv/no',
      '/srv/upper',
      '/srv/日本',
    ]);
    assert.equal(policy.host, '123');
  });

  test('leaves out a host name that the policy could not have', async () => {
    assert.equal((await written('a b')).policy.host, 'default');
  });

  test('does not follow links below /srv', async () => {
    await folders('elsewhere/vmail');
    await folders('srv');
    await symlink(join(root, 'elsewhere'), join(root, 'srv/link'));
    assert.deepEqual(filesOf((await written()).policy), { 'system/etc': '/etc' });
  });

  test('ends when it is cancelled', async () => {
    const host = initHost({ hostname: 'x', timezone: 'UTC', root });
    const cancelled = initPolicy(host, { language: 'en', signal: AbortSignal.abort() });
    await assert.rejects(cancelled, { name: 'AbortError' });
  });
});
