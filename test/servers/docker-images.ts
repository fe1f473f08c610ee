/**
 * Images for the containers of tests, made of programs that this machine has: each with the libraries that it loads and
 * the shell of busybox beside it. The vfs driver copies an image for each container, so they are kept small.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { DockerEngine } from './docker.ts';

/** The user that databases run as in the containers. */
const OWNER = 999;
const NOBODY = 65_534;
const tools = [
  'sh',
  'cat',
  'ls',
  'sleep',
  'mkdir',
  'rm',
  'mv',
  'cp',
  'kill',
  'ps',
  'env',
  'sha256sum',
  'find',
  'chmod',
];

/** A container of it that has nothing to do: `command: idle`. */
export const idle = ['sleep', '1000000'] as const;

/** An image with a shell and a few tools; returns its name. */
export function buildTiny(engine: DockerEngine): string {
  return build(engine, 'tiny', () => {});
}

/** MariaDB's server and clients, its first data in place. */
export function buildMariadb(engine: DockerEngine): string {
  return build(engine, 'mariadb', (root) => {
    const programs = ['mariadb', 'mariadb-dump', 'mariadb-admin'].map((name) => `/usr/bin/${name}`);
    addPrograms(root, ['/usr/sbin/mariadbd', ...programs]);
    symlinkSync('mariadb', join(root, 'usr/bin/mysql'));
    symlinkSync('mariadb-dump', join(root, 'usr/bin/mysqldump'));
    for (const folder of ['english', 'charsets']) addFiles(root, `/usr/share/mysql/${folder}`);
    mkdirSync(join(root, 'etc/mysql'));
    const settings = [
      'innodb_log_file_size=4M',
      'innodb_buffer_pool_size=32M',
      'character_set_server=utf8mb4',
    ];
    writeFileSync(join(root, 'etc/mysql/my.cnf'), `[mariadbd]\n${settings.join('\n')}\n`);
    const data = join(root, 'var/lib/mysql');
    mkdirSync(data, { recursive: true });
    execFileSync('mariadb-install-db', [
      `--defaults-file=${join(root, 'etc/mysql/my.cnf')}`,
      `--datadir=${data}`,
      '--user=root',
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]);
    own(root, ['var/lib/mysql', 'run/mysqld'], OWNER);
  });
}

/** PostgreSQL's server, clients and extensions, its first cluster in place. */
export function buildPostgres(engine: DockerEngine): string {
  return build(engine, 'postgres', (root) => {
    const home = postgresHome();
    const version = basename(home);
    const programs = [
      'postgres',
      'psql',
      'pg_dump',
      'pg_dumpall',
      'pg_isready',
      'createdb',
      'dropdb',
      'initdb',
    ];
    const modules = readdirSync(join(home, 'lib')).filter(
      (name) => name.endsWith('.so') && !name.startsWith('llvmjit'),
    );
    addPrograms(root, [
      ...programs.map((name) => join(home, 'bin', name)),
      ...modules.map((name) => join(home, 'lib', name)),
    ]);
    for (const name of programs) symlinkSync(join(home, 'bin', name), join(root, 'usr/bin', name));
    addFiles(root, `/usr/share/postgresql/${version}`);
    addFiles(root, '/usr/lib/locale/C.utf8');
    for (const zone of ['Etc/UTC', 'UTC', 'Asia/Tokyo']) addFiles(root, `/usr/share/zoneinfo/${zone}`);
    const data = join(root, 'var/lib/postgresql/data');
    own(root, ['var/lib/postgresql/data'], NOBODY);
    execFileSync(
      join(home, 'bin/initdb'),
      [
        `--pgdata=${data}`,
        '--username=postgres',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        '--auth-local=trust',
        '--auth-host=scram-sha-256',
        '--wal-segsize=1',
        '--no-sync',
      ],
      // It refuses to be run by root, and by a user without a name.
      { uid: NOBODY, gid: NOBODY, cwd: '/', env: { PATH: process.env.PATH, TZ: 'Etc/UTC' } },
    );
    own(root, ['var/lib/postgresql', 'run/postgresql'], OWNER);
  });
}

export interface DatabaseContainer {
  readonly name: string;
  /** of the server's first user */
  readonly password: string;
  readonly network?: 'none' | 'host';
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** more words for the server: `--port=…` */
  readonly serverOptions?: readonly string[];
}

/** Starts MariaDB in a container, as root's password says, and waits until it answers. */
export async function runMariadb(
  engine: DockerEngine,
  image: string,
  settings: DatabaseContainer,
): Promise<void> {
  const { name, password, serverOptions = [], ...container } = settings;
  engine.run({
    ...container,
    image,
    name,
    user: `${OWNER}:${OWNER}`,
    command: ['mariadbd', ...serverOptions],
  });
  const statement = `ALTER USER root@localhost IDENTIFIED BY '${password}';`;
  await untilDone(engine, name, () =>
    engine.docker(['exec', '-i', name, 'mariadb', '--user=root'], { input: statement }),
  );
}

/** Starts PostgreSQL in a container and waits until it answers; by its socket it asks for no password. */
export async function runPostgres(
  engine: DockerEngine,
  image: string,
  settings: DatabaseContainer,
): Promise<void> {
  const { name, password, serverOptions = [], ...container } = settings;
  const command = [
    'postgres',
    '-D',
    '/var/lib/postgresql/data',
    '-c',
    'listen_addresses=*',
    ...serverOptions,
  ];
  engine.run({ ...container, image, name, user: `${OWNER}:${OWNER}`, command });
  const statement = `ALTER USER postgres PASSWORD '${password}'`;
  await untilDone(engine, name, () =>
    engine.docker(['exec', '-i', name, 'psql', '-X', '-q', '-U', 'postgres'], { input: statement }),
  );
}

/** A server needs a while before it listens. What it said is thrown when it has ended or never does. */
async function untilDone(engine: DockerEngine, name: string, attempt: () => void): Promise<void> {
  for (const began = performance.now(); ; ) {
    try {
      attempt();
      return;
    } catch (cause) {
      const runs = engine.docker(['inspect', '--format={{.State.Running}}', name]) === 'true';
      if (!runs || performance.now() - began > 60_000) throw new Error(engine.logs(name), { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The newest PostgreSQL that Debian's packages have put here. */
function postgresHome(): string {
  const versions = readdirSync('/usr/lib/postgresql').sort((left, right) => Number(left) - Number(right));
  return join('/usr/lib/postgresql', versions.at(-1) ?? '');
}

function build(engine: DockerEngine, name: string, fill: (root: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), `hikae-image-${name}-`));
  try {
    chmodSync(root, 0o755);
    addBase(root);
    fill(root);
    const image = `hikae-test/${name}:1`;
    engine.importFolder(root, image);
    return image;
  } finally {
    rmSync(root, { recursive: true });
  }
}

function addBase(root: string): void {
  for (const folder of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(join(root, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(root, folder));
  }
  for (const folder of ['etc', 'run', 'tmp', 'var', 'root']) mkdirSync(join(root, folder));
  chmodSync(join(root, 'tmp'), 0o1777);
  symlinkSync('/run', join(root, 'var/run'));
  const owner = `database:x:${OWNER}:${OWNER}::/:/bin/sh\n`;
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0:root:/root:/bin/sh\n${owner}`);
  writeFileSync(join(root, 'etc/group'), `root:x:0:\ndatabase:x:${OWNER}:\n`);
  addPrograms(root, ['/bin/busybox']);
  for (const tool of tools) symlinkSync('busybox', join(root, 'usr/bin', tool));
}

/** Programs and modules with the libraries that they load, each at the path it has here. */
function addPrograms(root: string, paths: readonly string[]): void {
  // ldd ends with status 1 when one of them needs none.
  const text = execFileSync('sh', ['-c', 'ldd "$@" 2>&1 || true', 'ldd', ...paths], { encoding: 'utf8' });
  const libraries = [...text.matchAll(/(?:=> |^\t)(\/\S+) \(0x/gm)].map(([, path]) => path as string);
  for (const path of new Set([...paths, ...libraries])) addFiles(root, path);
}

/** Copies a file or a folder to the path that it has here, where /lib is /usr/lib. */
function addFiles(root: string, path: string): void {
  const place = join(root, realpathSync(dirname(path)), basename(path));
  cpSync(path, place, { recursive: true, dereference: true });
}

/** Makes folders of the image and gives them away with what is in them. */
function own(root: string, folders: readonly string[], owner: number): void {
  for (const folder of folders) {
    const path = join(root, folder);
    mkdirSync(path, { recursive: true });
    execFileSync('chown', ['--recursive', `${owner}:${owner}`, path]);
  }
}
