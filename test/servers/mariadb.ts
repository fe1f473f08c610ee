/** A real MariaDB that belongs to one test file: Debian's server on data of its own, ended and removed with the test. */
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
import { freePort } from './free-port.ts';

export interface MariadbServer {
  readonly socket: string;
  readonly port: number;
  /** of the user `root`, for who comes by TCP; by the socket the system's root comes in without */
  readonly password: string;
  /** Runs statements as the server's first user; what they print, tabs between values, without the last line feed. */
  sql(statements: string, database?: string): string;
  /** A session that runs statements and then stays as it is until it is ended. */
  hold(statements: string): { readonly ready: Promise<void>; end(): Promise<void> };
  log(): string;
  /** Ends it at once, as a crash does; it can be started again. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes all that it had. */
  stop(): Promise<void>;
}

const PATIENCE = 30_000;
const NOBODY = 65_534;

export async function startMariadb(settings: readonly string[] = []): Promise<MariadbServer> {
  // A socket's path has room for 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'hikae-my-'));
  chmodSync(folder, 0o755);
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')];
  for (const name of ['data', 'tmp']) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), NOBODY, NOBODY);
  }
  chownSync(folder, NOBODY, NOBODY);
  const environment = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' };
  execFileSync(
    'mariadb-install-db',
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--user=nobody',
      '--skip-test-db',
      '--auth-root-authentication-method=socket',
      '--auth-root-socket-user=root',
    ],
    { env: environment, stdio: 'pipe' },
  );
  writeFileSync(join(folder, 'log'), '');
  const port = await freePort();
  const password = `word-${folder.slice(-6)}-ひみつ`;
  const words = [
    '--no-defaults',
    `--socket=${socket}`,
    '--user=root',
    '--binary-mode',
    '--default-character-set=utf8mb4',
    '--batch',
    '--skip-column-names',
    '--max-allowed-packet=1G',
  ];
  const sql: MariadbServer['sql'] = (statements, database) =>
    execFileSync('mariadb', [...words, ...(database === undefined ? [] : [`--database=${database}`])], {
      env: environment,
      input: statements,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: 'pipe',
    }).trimEnd();
  const hold: MariadbServer['hold'] = (statements) => {
    const child = spawn('mariadb', [...words, '--unbuffered'], {
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const ready = new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
    child.stdin?.on('error', () => {});
    child.stdin?.write(`${statements}\nSELECT 'ready';\n`);
    return {
      ready,
      async end() {
        child.stdin?.end();
        await closed;
      },
    };
  };
  const log = () => readFileSync(join(folder, 'log'), 'utf8');
  let ended: Promise<void> = Promise.resolve();
  let pid: number | undefined;
  const kill = async () => {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    pid = undefined;
    await ended;
  };
  const start = async () => {
    // It ends when we do, however that happens.
    const under = [
      '--pdeathsig',
      'KILL',
      '--reuid',
      String(NOBODY),
      '--regid',
      String(NOBODY),
      '--clear-groups',
    ];
    const options = [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--innodb-buffer-pool-size=64M',
      '--innodb-flush-log-at-trx-commit=0',
      '--event-scheduler=ON',
      // root@localhost is another account than root@127.0.0.1, whatever the resolver says.
      '--skip-name-resolve',
      ...settings,
    ];
    const child = spawn('setpriv', [...under, 'mariadbd', ...options], {
      env: { ...environment, PATH: `${environment.PATH}:/usr/sbin` },
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    pid = child.pid;
    child.stderr?.on('data', (said: Buffer) => appendFileSync(join(folder, 'log'), said));
    ended = new Promise((resolve) => child.once('close', () => resolve()));
    for (const began = performance.now(); ; ) {
      try {
        sql('SELECT 1');
        return;
      } catch (cause) {
        if (performance.now() - began > PATIENCE) throw new Error(log(), { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await start();
  sql(
    `CREATE USER root@'127.0.0.1' IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;`,
  );
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { socket, port, password, sql, hold, log, kill, start, stop };
}
