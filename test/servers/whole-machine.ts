/**
 * A machine of its own for one test file: a root folder with the programs of this machine, in a mount namespace that
 * nobody else sees, so that /etc, /srv, /run, /var and /mnt are the test's. What runs in it ends with the test.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAccounts } from '../../src/source/files/accounts.ts';
import type { DockerEngine } from './docker.ts';
import { postgresHome } from './docker-images.ts';

export interface WholeMachine {
  /** its `/` */
  readonly root: string;
  /** what comes before a command that is run in it */
  readonly under: readonly string[];
  /** Runs a command in it; what it prints. */
  run(argv: readonly string[], input?: string): string;
  /** Writes a file with the folders above it. */
  write(path: string, content: string, mode?: number): void;
  /** Starts MariaDB at /run/mysqld/mysqld.sock, where root needs no password. */
  startMariadb(): Promise<void>;
  /** Starts PostgreSQL at /run/postgresql, where the user postgres needs no password. */
  startPostgres(): Promise<void>;
  stop(): Promise<void>;
}

const repository = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const program = fileURLToPath(new URL('./programs/whole-machine', import.meta.url));
const PATIENCE = 30_000;

/** `disk`: where a disk of its own is mounted. */
export async function startMachine(disk: string, engine: DockerEngine): Promise<WholeMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-machine-'));
  const root = join(folder, 'root');
  for (const name of [
    'proc',
    'dev',
    'sys',
    'usr',
    'run',
    'srv',
    'home',
    'opt',
    'root',
    'mnt',
    'var/lib',
    'var/tmp',
  ])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  symlinkSync('/run', join(root, 'var/run'));
  mkdirSync(join(root, 'tmp'));
  for (const name of ['tmp', 'var/tmp']) chmodSync(join(root, name), 0o1777);
  for (const path of [disk, repository, engine.folder]) mkdirSync(join(root, path), { recursive: true });
  cpSync('/etc', join(root, 'etc'), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(root, 'run/docker.sock'), '');
  mkdirSync(join(folder, 'local'));
  execFileSync('truncate', ['--size=256M', join(folder, 'disk')]);
  execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', join(folder, 'disk')]);

  const holder = spawn('unshare', ['--mount', program, folder, disk, repository, engine.folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await answer(holder, 'ready');
  const under = ['nsenter', `--target=${holder.pid}`, '--mount', '--root', '--wdns=/', '--'];
  const run: WholeMachine['run'] = (argv, input = '') => {
    const [command = '', ...words] = [...under, ...argv];
    return execFileSync(command, words, {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    }).trimEnd();
  };
  const servers: ChildProcess[] = [];
  const { ids } = readAccounts('/etc');
  /** As the user of a package, ended when we end. */
  const serve = async (user: string, argv: readonly string[], isUp: () => void) => {
    const [uid, gid] = [ids.userId(user), ids.groupId(user)];
    const as = ['setpriv', '--pdeathsig=QUIT', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const [command = '', ...words] = [...under, ...as, ...argv];
    const child = spawn(command, words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    let said = '';
    child.stderr.on('data', (part: Buffer) => {
      said = `${said}${part}`.slice(-4_000);
    });
    servers.push(child);
    for (const began = performance.now(); ; ) {
      try {
        isUp();
        return;
      } catch (cause) {
        if (performance.now() - began > PATIENCE || child.exitCode !== null) throw new Error(said, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const own = (user: string, path: string) => {
    mkdirSync(join(root, path), { recursive: true });
    execFileSync('chown', ['--recursive', `${ids.userId(user)}:${ids.groupId(user)}`, join(root, path)]);
  };

  return {
    root,
    under,
    run,
    write(path, content, mode = 0o644) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      chmodSync(join(root, path), mode);
    },
    async startMariadb() {
      const data = '/var/lib/mysql';
      own('mysql', data);
      own('mysql', '/run/mysqld');
      run(['mariadb-install-db', '--no-defaults', `--datadir=${data}`, '--user=mysql', '--skip-test-db']);
      const settings = [
        '--skip-networking',
        '--innodb-flush-log-at-trx-commit=0',
        '--innodb-buffer-pool-size=32M',
      ];
      const server = ['mariadbd', '--no-defaults', `--datadir=${data}`, '--socket=/run/mysqld/mysqld.sock'];
      await serve('mysql', [...server, ...settings], () => run(['mariadb', '--no-defaults'], 'SELECT 1'));
    },
    async startPostgres() {
      const home = postgresHome();
      const data = '/var/lib/postgresql/data';
      own('postgres', '/var/lib/postgresql');
      own('postgres', '/run/postgresql');
      const as = ['runuser', '--user=postgres', '--'];
      const initial = ['--auth=peer', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
      run([...as, join(home, 'bin/initdb'), `--pgdata=${data}`, ...initial]);
      const settings = ['-c', 'listen_addresses=', '-c', 'fsync=off', '-k', '/run/postgresql'];
      await serve('postgres', [join(home, 'bin/postgres'), '-D', data, ...settings], () =>
        run([...as, 'psql', '-X', '-h', '/run/postgresql', '-c', 'SELECT 1']),
      );
    },
    async stop() {
      for (const child of servers) {
        const ended = new Promise((resolve) => child.once('close', resolve));
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGQUIT');
          await ended;
        }
      }
      const ended = new Promise((resolve) => holder.once('close', resolve));
      holder.stdin?.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answer(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (said: string) => {
      if (said.includes(word)) resolve();
    });
    child.once('close', (status) => reject(new Error(`the machine could not be made (status ${status})`)));
  });
}
