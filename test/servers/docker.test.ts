import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DockerEngine, startDocker } from './docker.ts';
import { buildMariadb, buildPostgres, buildTiny, idle, runMariadb, runPostgres } from './docker-images.ts';

let engine: DockerEngine;
before(async () => {
  engine = await startDocker();
});
after(() => engine.stop());

test('a MariaDB in a container asks for its password and keeps what it is told', async () => {
  await runMariadb(engine, buildMariadb(engine), { name: 'maria', password: 'geheim' });
  const ask = (password: string, statement: string) =>
    engine.docker(
      [
        'exec',
        '-i',
        '-e',
        'MYSQL_PWD',
        'maria',
        'mysql',
        '--user=root',
        '--default-character-set=utf8mb4',
        '-N',
      ],
      {
        input: statement,
        environment: { MYSQL_PWD: password },
      },
    );
  ask('geheim', "CREATE DATABASE 名簿; USE 名簿; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('七');");
  assert.equal(ask('geheim', 'SELECT a FROM 名簿.t'), '七');
  assert.throws(() => ask('falsch', 'SELECT 1'), /Access denied/);
});

test('a PostgreSQL in a container asks for its password by TCP and has its extensions', async () => {
  await runPostgres(engine, buildPostgres(engine), { name: 'post', password: 'geheim' });
  const ask = (password: string, statement: string) =>
    engine.docker(
      [
        'exec',
        '-i',
        '-e',
        'PGPASSWORD',
        'post',
        'psql',
        '-X',
        '-A',
        '-t',
        '-U',
        'postgres',
        '-h',
        '127.0.0.1',
      ],
      { input: statement, environment: { PGPASSWORD: password } },
    );
  assert.match(
    ask('geheim', "CREATE EXTENSION pgcrypto; SELECT encode(digest('a', 'sha256'), 'hex');"),
    /ca978112/,
  );
  assert.throws(() => ask('falsch', 'SELECT 1'), /password authentication failed/);
});

test('an engine whose test is killed goes, with its containers and its folder', async () => {
  const program = fileURLToPath(new URL('./programs/docker-holder.ts', import.meta.url));
  const holder = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const folder = await new Promise<string>((resolve, reject) => {
    holder.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    holder.once('exit', () => reject(new Error('the holder ended')));
  });
  assert.ok(processesOf(folder).length > 0);
  holder.kill('SIGKILL');
  for (let turn = 0; turn < 600 && (existsSync(folder) || processesOf(folder).length > 0); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.deepEqual([existsSync(folder), processesOf(folder)], [false, []]);
});

test('the small image runs, and a folder becomes an image', () => {
  engine.run({ image: buildTiny(engine), name: 'still', command: idle });
  assert.equal(engine.docker(['exec', 'still', 'sh', '-c', 'echo here']), 'here');
});

/** Command lines that name the folder, and processes that have their root in it. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && mentions(pid, folder));
}

function mentions(pid: string, folder: string): boolean {
  try {
    const commandLine = readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
    return commandLine.includes(folder) || readlinkSync(join('/proc', pid, 'root')).startsWith(folder);
  } catch {
    return false;
  }
}
