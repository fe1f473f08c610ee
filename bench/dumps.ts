/**
 * Capturing a database against its own dump program and gzip, in pairs that take turns in going first, and what an unchanged
 * and a slightly changed database cost.
 *
 *   script/bench dumps [--pairs N] [--rows N] [--work DIR] [--only postgres|mysql]
 *
 * As root; servers, databases and results are thrown away. Both sides end with everything on the disk. hikae also counts the
 * rows, hashes the dump, and keeps accounts; the other side does none of that.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { startMariadb } from '../test/servers/mariadb.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { freshHikae } from './hikae.ts';
import { measure, median } from './measure.ts';
import { formatRows, machineFacts, type Pair, pairTable } from './report.ts';

const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    pairs: { type: 'string', default: '5' },
    rows: { type: 'string', default: '1000000' },
    work: { type: 'string', default: '/var/tmp' },
    only: { type: 'string' },
  },
});

/** A server with the database `app`, and how it is dumped without hikae. */
interface Subject {
  readonly rival: string;
  /** what hikae is told of it */
  readonly source: object;
  /** the shell command that prints the dump */
  readonly dump: string;
  /** changes one row in a hundred, all over the table */
  change(): void;
  stop(): Promise<void>;
}

const rows = Number(options.rows);
/** Text that shrinks about as much as that of a shop or a mail system does. */
const text = (number: string, asText: (number: string) => string) =>
  `CONCAT('order ', ${number}, ' ', MD5(${asText(number)}), ' 注文を承りました。', MD5(${asText(`${number} * 7`)}), ' thank you')`;
const subjects: Readonly<Record<string, () => Promise<Subject>>> = { postgres, mysql };

async function postgres(): Promise<Subject> {
  const server = await startPostgres();
  server.psql('postgres', 'CREATE DATABASE app;');
  const values = text('i', (number) => `(${number})::text`);
  server.psql(
    'app',
    `CREATE TABLE t AS SELECT i AS id, ${values} AS text FROM generate_series(1, ${rows}) i;`,
  );
  server.psql('app', 'ALTER TABLE t ADD PRIMARY KEY (id); VACUUM ANALYZE; CHECKPOINT;');
  const { folder, port } = server;
  return {
    rival: 'pg_dump | gzip',
    source: { postgres: { socket: folder, port, databases: ['app'] } },
    dump: `setpriv --reuid postgres --regid postgres --clear-groups pg_dump -h ${folder} -p ${port} app`,
    change: () =>
      void server.psql('app', `UPDATE t SET text = 'changed ' || text WHERE id % 100 = 0; VACUUM;`),
    stop: server.stop,
  };
}

async function mysql(): Promise<Subject> {
  const server = await startMariadb();
  server.sql('CREATE DATABASE app CHARACTER SET utf8mb4;');
  const values = text('seq', (number) => number);
  const table = `CREATE TABLE t (id INT PRIMARY KEY, text TEXT) AS SELECT seq AS id, ${values} AS text FROM seq_1_to_${rows};`;
  server.sql(table, 'app');
  const { socket } = server;
  const words = '--single-transaction --routines --events --triggers --hex-blob --skip-dump-date';
  return {
    rival: 'mariadb-dump | gzip',
    source: { mysql: { socket, databases: ['app'] } },
    dump: `mariadb-dump --no-defaults --socket=${socket} --user=root ${words} app`,
    change: () => void server.sql(`UPDATE t SET text = CONCAT('changed ', text) WHERE id % 100 = 0;`, 'app'),
    stop: server.stop,
  };
}

const work = mkdtempSync(join(resolve(options.work), 'hikae-bench-'));
try {
  say(machineFacts(work));
  const measured = new Map<string, { rival: string; pairs: readonly Pair[] }>();
  const notes: string[][] = [
    ['', 'dump MB', 'hikae MB/s', 'other MB/s', 'new MB: first', 'unchanged', '1 % changed'],
  ];
  for (const [name, start] of Object.entries(subjects)) {
    if (options.only !== undefined && options.only !== name) continue;
    const subject = await start();
    try {
      const pairs = await measurePairs(name, subject);
      measured.set(name, { rival: subject.rival, pairs });
      notes.push([name, ...figures(name, subject, pairs)]);
    } finally {
      await subject.stop();
    }
  }
  say(`\n${pairTable(measured)}\n\n${formatRows(notes)}`);
} finally {
  rmSync(work, { recursive: true });
}

async function measurePairs(name: string, { source, dump }: Subject): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    const folder = join(work, `${name}-${pair}`);
    mkdirSync(folder, { mode: 0o700 });
    const ours = freshHikae(join(folder, 'hikae'), source)('backup');
    const file = join(folder, 'dump.sql.gz');
    const theirs = `bash -o pipefail -c '${dump} | gzip > ${file} && sync -f ${file}'`;
    if (pair % 2 === 0) {
      const hikae = await measure(ours);
      pairs.push({ hikae, rival: await measure(theirs) });
    } else {
      const rival = await measure(theirs);
      pairs.push({ hikae: await measure(ours), rival });
    }
    rmSync(folder, { recursive: true });
    say(`${name}: pair ${pair + 1} of ${options.pairs} is done`);
  }
  return pairs;
}

/** Throughput in bytes of the dump as it is before gzip, and what three backups in a row add to the vault. */
function figures(name: string, { source, dump, change }: Subject, pairs: readonly Pair[]): string[] {
  const plain = join(work, `${name}.sql`);
  execFileSync('sh', ['-c', `${dump} > ${plain}`]);
  const megabytes = statSync(plain).size / 1e6;
  rmSync(plain);
  const hikae = freshHikae(join(work, name), source);
  const added = () => {
    const told = execFileSync('sh', ['-c', `${hikae('backup')} --json 2>/dev/null`], { encoding: 'utf8' });
    const result = JSON.parse(told) as { targets: { components: { newBytes: number }[] }[] };
    return ((result.targets[0]?.components[0]?.newBytes ?? Number.NaN) / 1e6).toFixed(2);
  };
  const [first, unchanged] = [added(), added()];
  change();
  const speed = (side: keyof Pair) => (megabytes / median(pairs.map((pair) => pair[side].wall))).toFixed(0);
  return [megabytes.toFixed(0), speed('hikae'), speed('rival'), first, unchanged, added()];
}

function say(line: string): void {
  stdout.write(`${line}\n`);
}
