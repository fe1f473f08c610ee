/** Objects behind a real sshd: the contract, who is let in and who is believed, and lines that fail. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isHikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { openSftpStorage, type SftpStorageOptions } from '../../src/storage/sftp/sftp-storage.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import { retrying } from '../../src/storage/wrappers/retrying.ts';
import { freePort } from '../servers/free-port.ts';
import { type Line, openLine } from '../servers/line.ts';
import { type Sshd, type SshdOptions, startSshd } from '../servers/sshd.ts';
import { bodyOf, collect, collectBytes, failsWith, never, read, storageContract } from './contract.ts';
import { patternOf } from './pattern.ts';

const options = { signal: never };
const key = keyFrom('folder/object');

let sshd: Sshd;
before(async () => {
  sshd = await startSshd();
});
after(() => sshd.stop());

const opened: Storage[] = [];
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
});

interface OpenOptions extends Partial<SftpStorageOptions> {
  readonly at?: Sshd;
  readonly port?: number;
  readonly signal?: AbortSignal;
}

async function connected({ at = sshd, port = at.port, signal = never, ...rest }: OpenOptions = {}) {
  return openSftpStorage(
    {
      host: { name: '127.0.0.1', port },
      user: at.user,
      logins: [{ kind: 'key', key: new Secret(at.key) }],
      knownHosts: at.knownHosts,
      path: join(at.folder, 'root'),
      create: true,
      random: randomBytes,
      ...rest,
    },
    { signal },
  );
}

async function opening(opts: OpenOptions = {}): Promise<Storage> {
  const storage = await connected(opts);
  opened.push(storage);
  return storage;
}

/** A known_hosts file on our side. */
function knownHosts(name: string, ...lines: readonly string[]): string {
  const path = join(sshd.folder, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

function makeKey(name: string, ...settings: readonly string[]): string {
  const path = join(sshd.folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path, ...settings]);
  return path;
}

storageContract({ kind: 'over SFTP', open: () => connected({ path: join(sshd.folder, 'contract') }) });

describe('other servers', () => {
  let plain: Sshd;
  before(async () => {
    const denied = 'hardlink,fsync,statvfs,limits,posix-rename,copy-data';
    plain = await startSshd({
      sftp: `/usr/lib/openssh/sftp-server -P ${denied}`,
      settings: ['MaxSessions 1'],
    });
  });
  after(() => plain.stop());
  storageContract({
    kind: "over SFTP without OpenSSH's extensions, one channel at a time",
    async open() {
      const storage = await connected({ at: plain });
      assert.deepEqual(storage.capabilities, { writeOnce: 'checked', links: 'none', parallel: 8 });
      return storage;
    },
  });
});

describe('the folder of a remote storage', () => {
  test('is made only when that is asked for, and for its owner alone', async () => {
    const path = join(sshd.folder, 'new/inner');
    const storage = `sftp://${sshd.user}@127.0.0.1:${sshd.port}${path}`;
    await assert.rejects(connected({ path, create: false }), failsWith('STORAGE_MISSING', { storage }));
    assert.ok(!existsSync(join(sshd.folder, 'new')));
    const made = await opening({ path });
    assert.equal(made.location, storage);
    await made.put(key, Buffer.from('content'), options);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(join(path, 'folder')).mode & 0o777, 0o700);
    assert.equal(statSync(join(path, key)).mode & 0o777, 0o600);
    await opening({ path, create: false });
  });

  test('is cleared of what was never finished, once that is a day old', async () => {
    const path = join(sshd.folder, 'abandoned');
    mkdirSync(join(path, '.partial/folder-of-another'), { recursive: true });
    for (const [name, age] of [
      ['upload-old', 90_000],
      ['upload-young', 80_000],
      ['other-old', 90_000],
    ] as const) {
      writeFileSync(join(path, '.partial', name), 'part');
      const time = Date.now() / 1_000 - age;
      utimesSync(join(path, '.partial', name), time, time);
    }
    const storage = await opening({ path });
    await storage.put(key, Buffer.from('content'), options);
    const left = readdirSync(join(path, '.partial')).sort();
    assert.deepEqual(left, ['folder-of-another', 'other-old', 'upload-young']);
    assert.deepEqual(
      (await collect(storage.list('', options))).map((object) => object.key),
      [key],
    );
  });

  test('on a disk that is full takes nothing more and keeps what it has', async () => {
    const storage = await opening({ path: join(sshd.smallDisk, 'root') });
    await storage.put(keyFrom('before'), patternOf(900_000), options);
    const huge = storage.put(keyFrom('huge'), patternOf(6_000_000), options);
    await assert.rejects(huge, failsWith('STORAGE_FULL', { key: 'huge', storage: storage.location }));
    const names = (await collect(storage.list('', options))).map((object) => object.key);
    assert.deepEqual(names, ['before']);
    await storage.put(keyFrom('after'), patternOf(900_000), options);
    assert.ok(patternOf(900_000).equals(await read(storage, keyFrom('before'))));
    const { bytes = Number.NaN } = await storage.room(options);
    assert.ok(bytes > 1_000_000 && bytes < 3_000_000, `${bytes} bytes free`);
  });
});

describe('who is let in', () => {
  test('a key, with its passphrase if it has one, after others that do not open', async () => {
    const locked = makeKey('locked', '-N', 'open sesame');
    const stranger = makeKey('stranger');
    const authorized = join(sshd.folder, '../authorized_keys');
    writeFileSync(authorized, readFileSync(`${locked}.pub`), { flag: 'a' });
    const secret = (path: string) => new Secret(readFileSync(path, 'utf8'));
    const unlocked = { kind: 'key', key: secret(locked), passphrase: new Secret('open sesame') } as const;
    await opening({ logins: [unlocked] });
    await opening({ logins: [{ kind: 'key', key: secret(stranger) }, unlocked] });
    for (const login of [
      { kind: 'key', key: secret(locked) },
      { kind: 'key', key: secret(locked), passphrase: new Secret('open barley') },
      { kind: 'key', key: secret(`${locked}.pub`) },
      { kind: 'key', key: new Secret('no key at all') },
    ] as const) {
      await assert.rejects(connected({ logins: [login] }), (error) => {
        failsWith('STORAGE_LOGIN_UNUSABLE', {})(error);
        assert.doesNotMatch(String(error), /barley|no key at all/);
        return true;
      });
    }
    const refused = connected({ logins: [{ kind: 'key', key: secret(stranger) }] });
    await assert.rejects(refused, failsWith('STORAGE_LOGIN_FAILED', { user: sshd.user }));
  });

  test('a password', { skip: process.geteuid?.() === 0 ? false : 'needs root' }, async () => {
    const storage = await opening({ logins: [{ kind: 'password', password: new Secret(sshd.password) }] });
    assert.equal(await storage.stat(key, options), undefined);
    const wrong = connected({ logins: [{ kind: 'password', password: new Secret('wrong horse') }] });
    await assert.rejects(wrong, (error) => {
      failsWith('STORAGE_LOGIN_FAILED', {})(error);
      assert.doesNotMatch(`${error} ${JSON.stringify(error)}`, /wrong horse/);
      return true;
    });
  });

  test('an agent that has the key', async () => {
    const socket = join(sshd.folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      while (!existsSync(socket)) await delay(10);
      const login = { kind: 'agent', socket } as const;
      await assert.rejects(connected({ logins: [login] }), failsWith('STORAGE_LOGIN_FAILED', {}));
      const environment = { ...process.env, SSH_AUTH_SOCK: socket };
      execFileSync('ssh-add', ['-q', '-'], { input: sshd.key, env: environment });
      const storage = await opening({ logins: [login] });
      assert.equal(await storage.stat(key, options), undefined);
      await storage.close();
    } finally {
      agent.kill();
      await once(agent, 'exit');
    }
    const gone = connected({ logins: [{ kind: 'agent', socket }] });
    await assert.rejects(gone, failsWith('STORAGE_LOGIN_FAILED', {}));
  });
});

describe('who is believed', () => {
  const fingerprint = () =>
    execFileSync('ssh-keygen', ['-lf', '-'], { input: sshd.hostKey, encoding: 'utf8' }).split(' ')[1];

  test('no host that is not known', async () => {
    const host = `127.0.0.1:${sshd.port}`;
    const empty = knownHosts('empty');
    const other = knownHosts('other', `127.0.0.1 ${sshd.hostKey}`);
    for (const file of [empty, other, join(sshd.folder, 'no such file')]) {
      const details = { host, file, type: 'ssh-ed25519', fingerprint: fingerprint() };
      await assert.rejects(connected({ knownHosts: file }), failsWith('STORAGE_HOST_KEY_UNKNOWN', details));
    }
  });

  test('no host whose key has changed, or was revoked', async () => {
    const before = readFileSync(`${makeKey('before')}.pub`, 'utf8').trim();
    const name = `[127.0.0.1]:${sshd.port}`;
    const changed = failsWith('STORAGE_HOST_KEY_CHANGED', { fingerprint: fingerprint() });
    await assert.rejects(connected({ knownHosts: knownHosts('changed', `${name} ${before}`) }), changed);
    const ecdsa = readFileSync(`${makeKey('ecdsa', '-t', 'ecdsa')}.pub`, 'utf8').trim();
    await assert.rejects(connected({ knownHosts: knownHosts('type', `${name} ${ecdsa}`) }), changed);
    const revoked = knownHosts('revoked', `${name} ${sshd.hostKey}`, `@revoked * ${sshd.hostKey}`);
    await assert.rejects(
      connected({ knownHosts: revoked }),
      failsWith('STORAGE_HOST_KEY_REVOKED', { fingerprint: fingerprint() }),
    );
  });

  test('a host that has several keys, by the one that is known', async () => {
    const second = makeKey('second-host-key', '-t', 'ecdsa');
    const rsa = makeKey('third-host-key', '-t', 'rsa');
    const settings = [`HostKey ${second}`, `HostKey ${rsa}`];
    const two = await startSshd({ settings } satisfies SshdOptions);
    try {
      for (const path of [second, rsa]) {
        const line = `[127.0.0.1]:${two.port} ${readFileSync(`${path}.pub`, 'utf8').trim()}`;
        await (await connected({ at: two, knownHosts: knownHosts('second', line) })).close();
      }
    } finally {
      await two.stop();
    }
  });
});

describe('lines that fail', () => {
  let line: Line;
  /** Knows the server under the port of the line. */
  let known: string;
  before(async () => {
    line = await openLine(sshd.port);
    known = knownHosts('line', `[127.0.0.1]:${line.port} ${sshd.hostKey}`);
  });
  after(() => line.close());
  const over = (path: string, settings: OpenOptions = {}) =>
    opening({ port: line.port, knownHosts: known, path: join(sshd.folder, path), ...settings });

  test('a server that is not there is out of reach, which may pass', async () => {
    const port = await freePort();
    await assert.rejects(connected({ port }), (error) => {
      failsWith('STORAGE_OUT_OF_REACH', {
        storage: `sftp://${sshd.user}@127.0.0.1:${port}${sshd.folder}/root`,
      })(error);
      return isHikaeError(error) && error.transient && /ECONNREFUSED/.test(error.message);
    });
    const unknown = connected({ host: { name: 'nowhere.invalid', port: 22 } });
    await assert.rejects(unknown, failsWith('STORAGE_OUT_OF_REACH', {}));
  });

  test('what is under way when the line is cut fails, and what comes after connects anew', async () => {
    const storage = await over('cut');
    await storage.put(key, patternOf(3_000_000), options);
    const interrupted = (operation: string) => (error: unknown) => {
      failsWith('STORAGE_INTERRUPTED', { operation })(error);
      return isHikaeError(error) && error.transient;
    };
    const connections = line.connections;
    line.cutAfter(700_000);
    const cut = storage.put(keyFrom('cut'), patternOf(2_000_000), options);
    await assert.rejects(cut, interrupted('put'));
    assert.equal(await storage.stat(keyFrom('cut'), options), undefined);
    assert.equal(line.connections, connections + 1);
    await assert.rejects(async () => {
      for await (const _ of storage.stream(key, options)) line.cut();
    }, interrupted('stream'));
    assert.ok(patternOf(3_000_000).equals(await read(storage, key)));
    assert.equal(line.connections, connections + 2);
  });

  test('tried again, all succeeds over a line that is cut again and again', async () => {
    const storage = retrying(await over('cut-often'), { attempts: 4, pause: 5, random: Math.random });
    const sizes = [1_000, 400_000, 2_500_000, 90_000, 1_200_000];
    for (const [index, size] of sizes.entries()) {
      line.cutAfter(50_000 + index * 211_000);
      const name = keyFrom(`at/${index}`);
      await storage.put(name, index % 2 === 0 ? patternOf(size) : bodyOf(patternOf(size)), options);
      line.cutAfter(200);
      assert.ok(patternOf(size).equals(await collectBytes(storage.stream(name, options))), `${index}`);
    }
    line.cut();
    assert.equal((await collect(storage.list('', options))).length, sizes.length);
  });

  test('the signal ends every wait on a line that is dead', async () => {
    const storage = await over('dead');
    await storage.put(key, patternOf(3_000_000), options);
    const within = async (work: (stuck: Storage, dead: Line, signal: AbortSignal) => Promise<unknown>) => {
      const dead = await openLine(sshd.port);
      const hosts = knownHosts('dead-line', `[127.0.0.1]:${dead.port} ${sshd.hostKey}`);
      const stuck = await connected({
        port: dead.port,
        knownHosts: hosts,
        path: join(sshd.folder, 'dead'),
      });
      const began = performance.now();
      await assert.rejects(work(stuck, dead, AbortSignal.timeout(300)), { name: 'TimeoutError' });
      const took = performance.now() - began;
      assert.ok(took < 8_000, `${took} ms`);
      await stuck.close();
      await dead.close();
    };
    await within((stuck, dead, signal) => {
      dead.goDead();
      return stuck.stat(key, { signal });
    });
    await within((stuck, dead, signal) => {
      dead.goDead();
      return collect(stuck.list('', { signal }));
    });
    await within(async (stuck, dead, signal) => {
      for await (const _ of stuck.stream(key, { signal })) dead.goDead();
    });
    await within((stuck, dead, signal) => {
      const body = {
        size: 2_000_000,
        async *open() {
          yield patternOf(1_000_000);
          dead.goDead();
          yield patternOf(1_000_000);
        },
      };
      return stuck.put(keyFrom('new'), body, { signal });
    });
    const dead = await openLine(sshd.port);
    dead.goDead();
    const connecting = connected({ port: dead.port, signal: AbortSignal.timeout(100) });
    await assert.rejects(connecting, { name: 'TimeoutError' });
    await dead.close();
    assert.equal((await collect(storage.list('', options))).length, 1);
  });
});
