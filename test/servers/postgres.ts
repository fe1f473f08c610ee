/** A real PostgreSQL that belongs to one test file: Debian's server on data of its own, ended and removed with the test. */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAccounts } from '../../src/source/files/accounts.ts';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  /** where its socket lies; other users may enter */
  readonly folder: string;
  readonly port: number;
  /** of the role `postgres`, for who comes by TCP; by the socket the system's user of that name comes in */
  readonly password: string;
  /** Runs statements with psql as the server's first user; what it prints, without the last line feed. */
  psql(database: string, statements: string): string;
  /** Any client, as the server's first user. */
  client(program: string, args: readonly string[], input?: string): string;
  log(): string;
  /** Ends it at once, as a crash does; it can be started again. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Another server at the same place, with nothing in it: the machine is a new one. */
  renew(): Promise<void>;
  /** Ends it and removes all that it had. */
  stop(): Promise<void>;
}

const PATIENCE = 30_000;

export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const { ids } = readAccounts('/etc');
  const uid = ids.userId('postgres');
  const gid = ids.groupId('postgres');
  if (uid === undefined || gid === undefined) throw new Error('Debian’s package postgresql is not installed');
  const programs = programsOfNewest();
  // A socket's path has room for 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'hikae-pg-'));
  chmodSync(folder, 0o755);
  chownSync(folder, uid, gid);
  const password = `pg-${folder.slice(-6)}-ひみつ`;
  const data = join(folder, 'data');
  const word = join(folder, 'word');
  const environment = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', PGHOST: folder, PGUSER: 'postgres' };
  const as = { uid, gid, cwd: '/' };
  const make = () => {
    writeFileSync(word, password, { mode: 0o600 });
    chownSync(word, uid, gid);
    const rules = ['--auth-local=peer', '--auth-host=scram-sha-256', `--pwfile=${word}`];
    const initial = ['--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', ...rules];
    execFileSync(join(programs, 'initdb'), [`--pgdata=${data}`, ...initial], {
      ...as,
      env: environment,
      stdio: 'pipe',
    });
    rmSync(word);
  };
  make();
  writeFileSync(join(folder, 'log'), '');
  const port = await freePort();
  const env = { ...environment, PGPORT: String(port) };
  let ended: Promise<void> = Promise.resolve();
  let pid: number | undefined;
  const kill = async () => {
    if (pid !== undefined) process.kill(pid, 'SIGQUIT');
    pid = undefined;
    await ended;
  };
  const client: PostgresServer['client'] = (program, args, input = '') =>
    execFileSync(program, args, { ...as, env, input, encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' });
  const psql: PostgresServer['psql'] = (database, statements) =>
    client('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', database], statements).trimEnd();
  const log = () => readFileSync(join(folder, 'log'), 'utf8');
  const start = async () => {
    const options = ['fsync=off', 'listen_addresses=127.0.0.1', 'shared_buffers=32MB', ...settings];
    // It ends when we do, however that happens.
    const words = ['--pdeathsig', 'QUIT', '--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
    const server = [join(programs, 'postgres'), '-D', data, '-k', folder, '-p', String(port)];
    const child = spawn(
      'setpriv',
      [...words, ...server, '-c', 'log_destination=stderr', ...options.flatMap((option) => ['-c', option])],
      { env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    );
    pid = child.pid;
    child.stderr?.on('data', (said: Buffer) => appendFileSync(join(folder, 'log'), said));
    ended = new Promise((resolve) => child.once('close', () => resolve()));
    for (const began = performance.now(); ; ) {
      try {
        client('psql', ['-X', '-c', 'SELECT'], '');
        return;
      } catch (cause) {
        if (performance.now() - began > PATIENCE) throw new Error(log(), { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await start();
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const renew = async () => {
    await kill();
    rmSync(data, { recursive: true });
    make();
    await start();
  };
  return { folder, port, password, psql, client, log, kill, start, renew, stop };
}

/** The newest that Debian's packages have put here. */
function programsOfNewest(): string {
  const [newest = ''] = readdirSync('/usr/lib/postgresql').sort(
    (left, right) => Number(right) - Number(left),
  );
  return join('/usr/lib/postgresql', newest, 'bin');
}
