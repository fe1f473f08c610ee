/**
 * Many small files and a large one to a bucket, against `aws s3 sync` and `rclone`, which take turns in going first.
 *
 *   script/bench s3 [--pairs N] [--files N] [--large BYTES] [--seed N] [--work DIR] [--trip MS]
 *
 * The server is Ceph's gateway on this machine, new for each round; everybody reaches it over a line of its own, which counts
 * requests: once a straight one, once one whose round trips take 20 ms, as to a real region. The gateway and the line share the
 * two cores with whoever is measured, so what they take of the processors is told too. hikae's plain vault gets a snapshot that
 * a local vault has; the restic vault captures the files itself. At the end a mailbox of 4 MB, kept for ninety days, is priced
 * by what a first and a second run of either vault send.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { type Ceph, startCeph } from '../test/servers/ceph.ts';
import { command } from './hikae.ts';
import { type Measure, measure, median, processorSeconds } from './measure.ts';
import { openSlowLine, type Requests, since, totalOf } from './open-slow-line.ts';
import { formatRows, machineFacts, type Pair, pairTable } from './report.ts';
import { largeFile, messages } from './trees.ts';

const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    pairs: { type: 'string', default: '5' },
    files: { type: 'string', default: '10000' },
    large: { type: 'string', default: '1e9' },
    seed: { type: 'string', default: '1' },
    work: { type: 'string', default: '/var/tmp' },
    trip: { type: 'string', default: '20' },
  },
});

const install = fileURLToPath(new URL('../script/install-programs', import.meta.url));
execFileSync(install, { input: 'rclone rclone\n/usr/bin/aws awscli\n' });

/** bytes of the largest of the small files */
const LARGEST = 65_536;

const sides = ['plain', 'restic', 'aws', 'rclone'] as const;
type Side = (typeof sides)[number];
type Way = 'straight' | 'slow';
interface Sent extends Measure {
  readonly requests: Requests;
  /** seconds of processor time, beside its own */
  readonly server: number;
  readonly line: number;
}
type Round = ReadonlyMap<Side, Sent>;

/** S3's list prices in Tokyo in US dollars, for a request and for a gigabyte of STANDARD in a month: src/policy/prices.ts has sources. */
const DOLLARS = { dear: 0.0047 / 1_000, cheap: 0.00037 / 1_000, free: 0, gigabyteMonth: 0.025 };
const YEN_PER_DOLLAR = 155;

/** A mailbox of 4 MB that grows by 10 MB in a month, each night's snapshot kept for ninety days. */
const MAIL = { messages: 400, most: 20_000, more: 33, nights: 30, kept: 90 };

const work = mkdtempSync(join(resolve(options.work), 'hikae-bench-'));
try {
  say(machineFacts(work));
  const tree = join(work, 'tree');
  const [files, large, seed] = [Number(options.files), Number(options.large), Number(options.seed)];
  messages(tree, files, seed, LARGEST);
  if (large > 0) largeFile(join(tree, 'large'), large, 'random', seed);
  say(`${files} files of 1 to 64 KB, and one of ${large / 1e6} MB; seed ${seed}`);
  const rounds: Record<Way, Round[]> = { straight: [], slow: [] };
  for (let round = 0; round < Number(options.pairs); round++) {
    for (const way of ['straight', 'slow'] as const) rounds[way].push(await measureRound(tree, way, round));
    say(`round ${round + 1} of ${options.pairs} is done`);
  }
  for (const way of ['straight', 'slow'] as const) tell(way, rounds[way]);
  await tellMail(join(work, 'mail'), seed);
} finally {
  rmSync(work, { recursive: true });
}

async function measureRound(tree: string, way: Way, round: number): Promise<Round> {
  const ceph = await startCeph();
  const line = await openSlowLine(ceph.port, way === 'slow' ? Number(options.trip) : 0);
  const folder = join(work, `${way}-${round}`);
  mkdirSync(folder, { mode: 0o700 });
  try {
    await makeBuckets(ceph);
    const commands = commandsFor(folder, tree, ceph, `http://127.0.0.1:${line.port}`);
    const sent = new Map<Side, Sent>();
    for (const side of turned(sides, round)) {
      const before = await line.requests();
      const used = [processorSeconds(ceph.pids), processorSeconds([line.pid])] as const;
      const measured = await measure(commands[side]);
      sent.set(side, {
        ...measured,
        requests: since(before, await line.requests()),
        server: processorSeconds(ceph.pids) - used[0],
        line: processorSeconds([line.pid]) - used[1],
      });
    }
    return sent;
  } finally {
    line.close();
    await ceph.stop();
    rmSync(folder, { recursive: true });
  }
}

async function makeBuckets({ endpoint, user }: Ceph): Promise<void> {
  const credentials = { accessKeyId: user.id, secretAccessKey: user.secret };
  const admin = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  for (const side of sides) await admin.send(new CreateBucketCommand({ Bucket: side }));
  admin.destroy();
}

/**
 * Everybody sends the same tree, each to a bucket of its own; what has to be there before is made here. `disk` takes a
 * snapshot into the local vault that the plain one copies from.
 */
function commandsFor(
  folder: string,
  tree: string,
  { user }: Ceph,
  endpoint: string,
): Record<Side | 'disk', string> {
  const password = join(folder, 'password');
  writeFileSync(password, 'a password of the bench\n', { mode: 0o600 });
  const remote = { region: 'us-east-1', endpoint, keep: { daily: 30 } };
  const vaults = {
    disk: { plain: join(folder, 'vault'), keep: { daily: 30 } },
    plain: { plain: 's3://plain/dated', ...remote },
    restic: { restic: 's3://restic/repository', password: { file: password }, ...remote },
  };
  const policy = join(folder, 'policy.yaml');
  const text = `version: 1
host: bench
timezone: UTC
state: ${join(folder, 'state')}
targets:
  tree: { components: { one: { files: ${tree} } } }
vaults: ${JSON.stringify(vaults)}
schedules:
  daily: { at: "02:00", to: disk }
  weekly: { at: "Sun 02:00", to: restic }
`;
  writeFileSync(policy, text, { mode: 0o600 });
  // Nothing of this machine's own settings, whoever they are for.
  const keys = `env -i PATH="$PATH" HOME=${folder} AWS_ACCESS_KEY_ID=${user.id} AWS_SECRET_ACCESS_KEY=${user.secret} AWS_DEFAULT_REGION=us-east-1`;
  const hikae = (verb: string) => `${keys} ${command.join(' ')} --policy ${policy} --quiet ${verb}`;
  for (const verb of ['backup', 'vault create plain', 'vault create restic'])
    execFileSync('sh', ['-c', hikae(verb)], { stdio: 'pipe' });
  const rclone = `RCLONE_CONFIG=/dev/null RCLONE_CONFIG_C_TYPE=s3 RCLONE_CONFIG_C_PROVIDER=Ceph RCLONE_CONFIG_C_ENV_AUTH=true RCLONE_CONFIG_C_ENDPOINT=${endpoint}`;
  return {
    disk: hikae('backup'),
    plain: hikae('copy tree --from disk --to plain'),
    restic: hikae('backup --schedule weekly'),
    aws: `${keys} /usr/bin/aws --endpoint-url ${endpoint} s3 sync --only-show-errors ${tree} s3://aws/tree`,
    rclone: `${keys} ${rclone} rclone copy --transfers 32 ${tree} C:rclone/tree`,
  };
}

function tell(way: Way, rounds: readonly Round[]): void {
  const name = way === 'slow' ? `${options.trip} ms for each round trip` : 'straight';
  for (const rival of ['aws', 'rclone'] as const) {
    const rows = (['plain', 'restic'] as const).map((side) => {
      const pairs = rounds.map((round): Pair => ({ hikae: of(round, side), rival: of(round, rival) }));
      return [side, { rival, pairs }] as const;
    });
    say(`\n${name}\n${pairTable(new Map(rows))}`);
  }
  const counted = sides.map((side) => {
    const ends = rounds.map((round) => of(round, side));
    const all = ends.map(({ requests }) => requests);
    const [first] = all as [Requests];
    const processor = (of: 'server' | 'line') => median(ends.map((end) => end[of])).toFixed(2);
    const yen = median(all.map(yenFor)).toFixed(2);
    return [side, String(totalOf(first)), String(first.dear), yen, processor('server'), processor('line')];
  });
  say(`\n${formatRows([['', 'requests', 'as PUT', 'yen', 'server cpu s', 'line cpu s'], ...counted])}`);
}

/** What a month costs when every night is as the second one, by the requests and by the bytes that are kept. */
async function tellMail(folder: string, seed: number): Promise<void> {
  const tree = join(folder, 'tree');
  messages(tree, MAIL.messages, seed, MAIL.most);
  const ceph = await startCeph();
  const line = await openSlowLine(ceph.port, 0);
  try {
    await makeBuckets(ceph);
    const commands = commandsFor(folder, tree, ceph, `http://127.0.0.1:${line.port}`);
    const runs = { plain: [commands.disk, commands.plain], restic: [commands.restic] } as const;
    for (const verb of [...runs.plain, ...runs.restic]) execFileSync('sh', ['-c', verb], { stdio: 'pipe' });
    const first = { plain: await bytesIn(ceph, 'plain'), restic: await bytesIn(ceph, 'restic') };
    messages(join(tree, 'new'), MAIL.more, seed + 1, MAIL.most);
    const rows = [['a mailbox of 4 MB', 'requests a night', 'as PUT', 'kB a night', 'yen a month']];
    for (const side of ['plain', 'restic'] as const) {
      const before = await line.requests();
      for (const verb of runs[side]) execFileSync('sh', ['-c', verb], { stdio: 'pipe' });
      const requests = since(before, await line.requests());
      const added = (await bytesIn(ceph, side)) - first[side];
      const kept = (first[side] + (MAIL.kept - 1) * added) / 1e9;
      const yen = MAIL.nights * yenFor(requests) + kept * DOLLARS.gigabyteMonth * YEN_PER_DOLLAR;
      const figures = [totalOf(requests), requests.dear, Math.round(added / 1_000)].map(String);
      rows.push([side, ...figures, yen.toFixed(2)]);
    }
    say(`\n${formatRows(rows)}`);
  } finally {
    line.close();
    await ceph.stop();
  }
}

async function bytesIn({ endpoint, user }: Ceph, bucket: Side): Promise<number> {
  const credentials = { accessKeyId: user.id, secretAccessKey: user.secret };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  let bytes = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket }))
    for (const { Size = 0 } of Contents) bytes += Size;
  client.destroy();
  return bytes;
}

function yenFor({ dear, cheap }: Requests): number {
  return (dear * DOLLARS.dear + cheap * DOLLARS.cheap) * YEN_PER_DOLLAR;
}

function of(round: Round, side: Side): Sent {
  return round.get(side) as Sent;
}

function turned<Item>(items: readonly Item[], by: number): Item[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function say(text: string): void {
  stdout.write(`${text}\n`);
}
