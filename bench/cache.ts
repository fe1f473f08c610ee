/**
 * What a run asks of a repository in a bucket, with the cache of this machine and without:
 *
 *   script/bench cache [--files N] [--snapshots N] [--rounds N] [--seed N] [--work DIR] [--trip MS]
 *
 * The server is Ceph's gateway on this machine, reached over a line that counts requests and whose round trips take 20 ms, as to
 * a real region. `filling` finds the folder removed; `without` finds that it can't be made.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Ceph, startCeph } from '../test/servers/ceph.ts';
import { command } from './hikae.ts';
import { type Measure, measure } from './measure.ts';
import { openSlowLine, type SlowLine, since, totalOf } from './open-slow-line.ts';
import { formatRows, machineFacts, spread } from './report.ts';
import { messages } from './trees.ts';

const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    files: { type: 'string', default: '20000' },
    snapshots: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    work: { type: 'string', default: '/var/tmp' },
    trip: { type: 'string', default: '20' },
  },
});

/** bytes of the largest file */
const LARGEST = 8_192;

const runs = {
  unchanged: 'backup',
  'dry run': 'backup --dry-run',
  snapshots: 'snapshots',
  ls: 'ls tree --recursive',
} as const;

const work = mkdtempSync(join(resolve(options.work), 'hikae-bench-'));
const cache = join(work, 'state/cache');
const ceph = await startCeph();
const line = await openSlowLine(ceph.port, Number(options.trip));
try {
  say(machineFacts(work));
  const tree = join(work, 'tree');
  const [files, seed] = [Number(options.files), Number(options.seed)];
  messages(tree, files, seed, LARGEST);
  const hikae = await prepare(tree, ceph, line);
  execFileSync('sh', ['-c', hikae('vault create away')], { stdio: 'pipe' });
  for (let day = 0; day < Number(options.snapshots); day++) {
    writeFileSync(join(tree, 'changes'), `day ${day}`);
    execFileSync('sh', ['-c', hikae('backup')], { stdio: 'pipe' });
  }
  say(
    `${files} files of 1 to 8 KB, ${options.snapshots} snapshots, seed ${seed}; ${options.trip} ms for each round trip`,
  );
  const rows = [['', 'requests', '', 'wall s', '', 'cpu s', '']];
  for (const [name, verb] of Object.entries(runs)) {
    for (const way of ['with', 'filling', 'without'] as const) {
      const measured: (Measure & { requests: number })[] = [];
      for (let round = 0; round < Number(options.rounds); round++) {
        if (way !== 'with') rmSync(cache, { recursive: true, force: true });
        if (way === 'without') writeFileSync(cache, 'no folder');
        const before = await line.requests();
        const one = await measure(`${hikae(verb)} > ${join(work, 'said')}`);
        measured.push({ ...one, requests: totalOf(since(before, await line.requests())) });
      }
      const of = (figure: (one: (typeof measured)[number]) => number, digits: number) =>
        spread(measured.map(figure), digits);
      rows.push([
        `${name}, ${way}`,
        ...of(({ requests }) => requests, 0),
        ...of(({ wall }) => wall, 2),
        ...of(({ cpu }) => cpu, 2),
      ]);
    }
    rmSync(cache);
    execFileSync('sh', ['-c', hikae('ls tree --recursive > /dev/null')], { stdio: 'pipe' });
  }
  say(`\n${formatRows(rows)}`);
  say(`\nthe cache: ${execFileSync('du', ['-sh', cache], { encoding: 'utf8' }).split('\t')[0]}`);
} finally {
  line.close();
  await ceph.stop();
  rmSync(work, { recursive: true });
}

/** The shell command for what hikae is to do with the bucket. */
async function prepare(
  tree: string,
  { endpoint, user }: Ceph,
  { port }: SlowLine,
): Promise<(verb: string) => string> {
  const credentials = { accessKeyId: user.id, secretAccessKey: user.secret };
  const admin = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await admin.send(new CreateBucketCommand({ Bucket: 'cache' }));
  admin.destroy();
  const [password, policy] = [join(work, 'password'), join(work, 'policy.yaml')];
  writeFileSync(password, 'a password of the bench\n', { mode: 0o600 });
  const away = {
    restic: 's3://cache/repository',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    password: { file: password },
    keep: { daily: 30 },
  };
  const text = `version: 1
host: bench
timezone: UTC
state: ${join(work, 'state')}
targets:
  tree: { components: { one: { files: ${tree} } } }
vaults: ${JSON.stringify({ away })}
schedules:
  daily: { at: "02:00", to: away }
`;
  writeFileSync(policy, text, { mode: 0o600 });
  const keys = `env -i PATH="$PATH" HOME=${work} AWS_ACCESS_KEY_ID=${user.id} AWS_SECRET_ACCESS_KEY=${user.secret}`;
  return (verb) => `${keys} ${command.join(' ')} --policy ${policy} --quiet ${verb}`;
}

function say(text: string): void {
  stdout.write(`${text}\n`);
}
