/** A real MySQL that belongs to one test file, with its own clients. Its programs are unpacked once, into `.cache` of the checkout. */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

export interface MysqlServer {
  readonly socket: string;
  /** the folder of its clients, for a PATH */
  readonly programs: string;
  /** Runs statements as the server's first user; what they print, tabs between values, without the last line feed. */
  sql(statements: string, database?: string): string;
  stop(): Promise<void>;
}

const unpacked = fileURLToPath(new URL('../../.cache/mysql', import.meta.url));
const unpack = fileURLToPath(new URL('./programs/unpack-mysql', import.meta.url));
const PATIENCE = 60_000;
const NOBODY = 65_534;

export async function startMysql(): Promise<MysqlServer> {
  mkdirSync(join(unpacked, '..'), { recursive: true });
  execFileSync(unpack, [unpacked], { stdio: ['ignore', 'ignore', 'inherit'] });
  const root = join(unpacked, 'root/usr');
  const libraries = join(root, 'lib/x86_64-linux-gnu');
  const loaded = [join(libraries, 'ld-linux-x86-64.so.2'), '--library-path', libraries];
  // A socket's path has room for 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'hikae-mysql-'));
  chmodSync(folder, 0o755);
  const [data, socket, programs] = [join(folder, 'data'), join(folder, 'socket'), join(folder, 'programs')];
  for (const name of ['data', 'tmp', 'programs']) mkdirSync(join(folder, name));
  for (const path of [folder, data, join(folder, 'tmp')]) chownSync(path, NOBODY, NOBODY);
  for (const name of ['mysql', 'mysqldump']) {
    const words = [...loaded, join(root, 'bin', name)].map((word) => `'${word}'`).join(' ');
    writeFileSync(join(programs, name), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
  const under = [
    '--pdeathsig',
    'KILL',
    '--reuid',
    String(NOBODY),
    '--regid',
    String(NOBODY),
    '--clear-groups',
  ];
  const server = [
    ...loaded,
    join(root, 'sbin/mysqld'),
    '--no-defaults',
    `--datadir=${data}`,
    `--tmpdir=${join(folder, 'tmp')}`,
    `--lc-messages-dir=${join(root, 'share/mysql')}`,
    '--secure-file-priv=NULL',
  ];
  execFileSync('setpriv', [...under, ...server, '--initialize-insecure'], { stdio: 'pipe', cwd: '/' });
  const listening = [
    `--socket=${socket}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--bind-address=127.0.0.1',
    `--port=${await freePort()}`,
    '--mysqlx=OFF',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  writeFileSync(join(folder, 'log'), '');
  const child = spawn('setpriv', [...under, ...server, ...listening], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  child.stderr?.on('data', (said: Buffer) => appendFileSync(join(folder, 'log'), said));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const words = ['--no-defaults', `--socket=${socket}`, '--user=root', '--default-character-set=utf8mb4'];
  const sql: MysqlServer['sql'] = (statements, database) =>
    execFileSync(
      join(programs, 'mysql'),
      [
        ...words,
        '--batch',
        '--skip-column-names',
        ...(database === undefined ? [] : [`--database=${database}`]),
      ],
      { input: statements, encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' },
    ).trimEnd();
  for (const began = performance.now(); ; ) {
    try {
      sql('SELECT 1');
      return { socket, programs, sql, stop };
    } catch (cause) {
      const log = readFileSync(join(folder, 'log'), 'utf8');
      if (performance.now() - began > PATIENCE || child.exitCode !== null) {
        await stop();
        throw new Error(log, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
