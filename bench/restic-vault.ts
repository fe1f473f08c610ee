/**
 * The restic vault against the restic and borg commands, which take turns in going first.
 *
 *   script/bench restic-vault [--pairs N] [--scale N] [--seed N] [--work DIR] [--rival restic|borg]
 *   script/bench restic-vault --memory       peak memory at 50,000 and at 1,000,000 files
 *
 * The tree: a choice from /usr as in `script/bench plain`, a file of 1 GB that packs well, one of 1 GB that doesn't, and
 * 200,000 messages of 1 to 8 KB. `--scale 0.1` makes all of that a tenth. Everybody encrypts, compresses, locks, and ends
 * with everything on the disk; a restore compares the hashes of what it unpacks, and reads nothing back. restic's repository was made by hikae, so that the
 * password costs both the same time.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freshHikae } from './hikae.ts';
import { type Measure, measure, median } from './measure.ts';
import { formatRows, machineFacts, type Pair, pairTable } from './report.ts';
import { changeSome, copyOfUsr, countFiles, emptyFiles, largeFile, messages } from './trees.ts';

const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    pairs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    work: { type: 'string', default: '/var/tmp' },
    memory: { type: 'boolean', default: false },
    // Both when not given; half the time of a round is borg's.
    rival: { type: 'string', multiple: true, default: ['restic', 'borg'] },
  },
});

type Side = 'hikae' | 'restic' | 'borg';
type Rival = Exclude<Side, 'hikae'>;
type Case = 'first' | 'unchanged' | '1 % changed' | 'check' | 'restore';

const rivals = options.rival as Rival[];
const GIGABYTE = 1e9;
const MESSAGES = 200_000;

const install = fileURLToPath(new URL('../script/install-programs', import.meta.url));
execFileSync(install, { input: 'restic restic\nborg borgbackup\n' });
const work = mkdtempSync(join(resolve(options.work), 'hikae-bench-'));
const password = join(work, 'password');
writeFileSync(password, 'a password of the bench\n', { mode: 0o600 });
try {
  say(machineFacts(work));
  say(`${firstLine('restic', 'version')}; ${firstLine('borg', '--version')}`);
  if (options.memory) await measureMemory();
  else await measureRounds();
} finally {
  rmSync(work, { recursive: true });
}

async function measureRounds(): Promise<void> {
  const [seed, scale] = [Number(options.seed), Number(options.scale)];
  const tree = join(work, 'tree');
  copyOfUsr(tree, seed, scale);
  mkdirSync(join(tree, 'large'));
  largeFile(join(tree, 'large/text'), GIGABYTE * scale, 'text', seed);
  largeFile(join(tree, 'large/random'), GIGABYTE * scale, 'random', seed);
  messages(join(tree, 'messages'), MESSAGES * scale, seed);
  const { files, bytes } = countFiles(tree);
  say(`${files} files, ${(bytes / 1e9).toFixed(2)} GB, seed ${seed}; caches warm`);
  const found = new Map<Case, Map<Side, Measure>[]>();
  const sizes = new Map<Side, number[]>();
  for (let round = 0; round < Number(options.pairs); round++) {
    for (const [name, sides] of await measureRound(tree, round, sizes))
      found.set(name, [...(found.get(name) ?? []), sides]);
    say(`round ${round + 1} of ${options.pairs} is done`);
  }
  for (const rival of rivals) {
    const rows = [...found].map(([name, rounds]) => {
      const pairs = rounds.map((sides): Pair => ({ hikae: of(sides, 'hikae'), rival: of(sides, rival) }));
      return [name, { rival, pairs }] as const;
    });
    say(`\n${pairTable(new Map(rows))}`);
  }
  const size = (side: Side) => median(of(sizes, side));
  const megabytes = (side: Side) => `${side} ${(size(side) / 1e6).toFixed(0)} MB`;
  const ratio = (side: Side) => `${(size('hikae') / size(side)).toFixed(3)}x ${side}`;
  say(`\nrepository after the first backup: ${(['hikae', ...rivals] as const).map(megabytes).join(', ')}`);
  say(rivals.map(ratio).join(', '));
}

/** Shell commands of one side, for its own repository. */
type Commands = Readonly<Record<Case, string>>;

async function measureRound(
  tree: string,
  round: number,
  sizes: Map<Side, number[]>,
): Promise<Map<Case, Map<Side, Measure>>> {
  const folder = join(work, `round-${round}`);
  mkdirSync(folder, { mode: 0o700 });
  const commandsOf = { hikae: hikaeIn, restic: resticIn, borg: borgIn };
  const sides = turned<Side>(['hikae', ...rivals], round);
  const commands = new Map(sides.map((side) => [side, commandsOf[side](join(folder, side), tree)]));
  const measured = new Map<Case, Map<Side, Measure>>();
  for (const name of ['first', 'unchanged', '1 % changed', 'check', 'restore'] as const) {
    if (name === '1 % changed') changeSome(tree, Number(options.seed) + round);
    const found = new Map<Side, Measure>();
    for (const side of sides) {
      found.set(side, await measure(of(commands, side)[name]));
      if (name !== 'first') continue;
      const { bytes } = countFiles(join(folder, side, 'vault'));
      sizes.set(side, [...(sizes.get(side) ?? []), bytes]);
    }
    measured.set(name, found);
  }
  rmSync(folder, { recursive: true });
  return measured;
}

function hikaeIn(folder: string, tree: string): Commands {
  const hikae = freshHikae(folder, { files: tree }, password);
  execFileSync('sh', ['-c', hikae('vault create disk')], { stdio: 'pipe' });
  const backup = hikae('backup');
  const restore = `${hikae(`restore tree --to ${join(folder, 'restored')}`)} && sync -f ${folder}`;
  const check = hikae('verify tree --date latest --level full');
  return { first: backup, unchanged: backup, '1 % changed': backup, check, restore };
}

function resticIn(folder: string, tree: string): Commands {
  execFileSync('sh', ['-c', freshHikae(folder, { files: tree }, password)('vault create disk')], {
    stdio: 'pipe',
  });
  const repository = `-r ${join(folder, 'vault')} --password-file ${password} --cache-dir ${join(folder, 'cache')}`;
  const restic = (words: string) => `restic ${repository} --quiet ${words} && sync -f ${folder}`;
  const backup = restic(`backup ${tree}`);
  const restore = restic(`restore latest --target ${join(folder, 'restored')}`);
  return {
    first: backup,
    unchanged: backup,
    '1 % changed': backup,
    check: restic('check --read-data'),
    restore,
  };
}

function borgIn(folder: string, tree: string): Commands {
  const [repository, restored] = [join(folder, 'vault'), join(folder, 'restored')];
  mkdirSync(restored, { recursive: true });
  const borg = (words: string) =>
    `cd ${restored} && BORG_BASE_DIR=${folder} BORG_PASSCOMMAND='cat ${password}' borg ${words} && sync -f ${folder}`;
  execFileSync('sh', ['-c', borg(`init --encryption repokey ${repository}`)], { stdio: 'pipe' });
  const backup = (name: string) => borg(`create --compression zstd,3 ${repository}::${name} ${tree}`);
  return {
    first: backup('first'),
    unchanged: backup('unchanged'),
    '1 % changed': backup('changed'),
    check: borg(`check --verify-data ${repository}`),
    restore: borg(`extract ${repository}::changed`),
  };
}

/** Peak memory where files have nothing in them but their names. */
async function measureMemory(): Promise<void> {
  const rows = [['files', 'run', 'wall s', 'memory MiB']];
  for (const count of [50_000, 1_000_000]) {
    const tree = join(work, `tree-${count}`);
    emptyFiles(tree, count);
    const commands = hikaeIn(join(work, `hikae-${count}`), tree);
    for (const run of ['first', 'unchanged'] as const) {
      const { wall, memory } = await measure(commands[run]);
      rows.push([String(count), run, wall.toFixed(2), (memory / 1024 / 1024).toFixed(0)]);
    }
  }
  say(`\n${formatRows(rows)}`);
}

function turned<Item>(items: readonly Item[], by: number): Item[] {
  return items.map((_, at) => items[(at + by) % items.length] as Item);
}

function of<Value>(sides: ReadonlyMap<Side, Value>, side: Side): Value {
  const value = sides.get(side);
  if (value === undefined) throw new TypeError(`${side} was not measured`);
  return value;
}

function firstLine(program: string, word: string): string {
  return execFileSync(program, [word], { encoding: 'utf8' }).split('\n')[0] ?? '';
}

function say(text: string): void {
  stdout.write(`${text}\n`);
}
