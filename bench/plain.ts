/**
 * The plain vault against the tools that one would use instead, in pairs that take turns in going first.
 *
 *   script/bench plain [--pairs N] [--seed N] [--work DIR] [--tree DIR]
 *   script/bench plain --memory       peak memory at 50,000 and at 500,000 files
 *
 * Both sides end with everything on the disk, and nothing is removed before the end: ext4 without a journal passes over
 * inodes that were freed within the last minutes one by one, and then whoever comes next takes several times as long. Five
 * pairs take 45 GB. `--tree` takes a folder that
 * is there instead of a choice from /usr; it is copied first, because one measurement changes it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { command, freshHikae } from './hikae.ts';
import { type Measure, measure } from './measure.ts';
import { formatRows, machineFacts, type Pair, pairTable, spread } from './report.ts';
import { changeSome, copyOfUsr, countFiles, emptyFiles } from './trees.ts';

const { values: options } = parseArgs({
  args: argv.slice(2),
  options: {
    pairs: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    work: { type: 'string', default: '/var/tmp' },
    tree: { type: 'string' },
    memory: { type: 'boolean', default: false },
  },
});

const cases = {
  first: 'rsync -a',
  unchanged: 'rsync -a --link-dest',
  '1 % changed': 'rsync -a --link-dest',
  'verify full': 'sha256sum -c',
  restore: 'cp -a',
} as const;
type Case = keyof typeof cases;

const work = mkdtempSync(join(resolve(options.work), 'hikae-bench-'));
try {
  say(machineFacts(work));
  if (options.memory) await measureMemory();
  else await measurePairs();
} finally {
  rmSync(work, { recursive: true });
}

async function measurePairs(): Promise<void> {
  const seed = Number(options.seed);
  const tree = join(work, 'tree');
  if (options.tree === undefined) copyOfUsr(tree, seed);
  else execFileSync('cp', ['-a', `${resolve(options.tree)}/.`, tree]);
  const { files, bytes } = countFiles(tree);
  say(`${files} files, ${(bytes / 1e9).toFixed(2)} GB, seed ${seed}; caches warm`);
  const found = new Map<Case, Pair[]>();
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    for (const [name, one] of await measurePair(tree, pair, seed))
      found.set(name, [...(found.get(name) ?? []), one]);
    say(`pair ${pair + 1} of ${options.pairs} is done`);
  }
  const rows = [...found].map(([name, pairs]) => [name, { rival: cases[name], pairs }] as const);
  say(`\n${pairTable(new Map(rows))}\n`);
  await measureStart();
}

/** One of each case, each on the targets that those before it have left. */
async function measurePair(tree: string, pair: number, seed: number): Promise<Map<Case, Pair>> {
  const folder = join(work, `pair-${pair}`);
  mkdirSync(folder, { mode: 0o700 });
  const hikae = freshHikae(join(folder, 'hikae'), { files: tree });
  const at = (name: string) => join(folder, name);
  const mirror = (name: string, before?: string) => {
    const shared = before === undefined ? '' : `--link-dest=${at(before)}`;
    return `rsync -a ${shared} ${tree}/ ${at(name)}/ && sync -f ${at(name)}`;
  };
  const measured = new Map<Case, Pair>();
  const both = async (name: Case, ours: string, theirs: string) => {
    measured.set(name, await inTurns(pair, ours, theirs));
  };

  await both('first', hikae('backup'), mirror('one'));
  await both('unchanged', hikae('backup'), mirror('two', 'one'));
  changeSome(tree, seed + pair);
  await both('1 % changed', hikae('backup'), mirror('three', 'two'));
  execFileSync('sh', [
    '-c',
    `cd ${at('three')} && find . -type f -print0 | xargs -0 sha256sum > ${at('sums')}`,
  ]);
  const check = `cd ${at('three')} && sha256sum --check --quiet ${at('sums')}`;
  await both('verify full', hikae('verify tree --date latest --level full'), check);
  const restored = at('restored');
  const restore = `${hikae(`restore tree --to ${restored}`)} && sync -f ${restored}`;
  await both('restore', restore, `cp -a ${at('three')} ${at('copied')} && sync -f ${at('copied')}`);

  return measured;
}

/** Who goes second finds warmer caches: so they take turns. */
async function inTurns(pair: number, ours: string, theirs: string): Promise<Pair> {
  if (pair % 2 === 0) {
    const hikae = await measure(ours);
    return { hikae, rival: await measure(theirs) };
  }
  const rival = await measure(theirs);
  return { hikae: await measure(ours), rival };
}

async function measureMemory(): Promise<void> {
  const rows = [['files', 'run', 'wall s', 'memory MiB']];
  for (const count of [50_000, 500_000]) {
    const tree = join(work, `tree-${count}`);
    emptyFiles(tree, count);
    const hikae = freshHikae(join(work, `hikae-${count}`), { files: tree });
    for (const [run, verb] of Object.entries({
      first: 'backup',
      unchanged: 'backup',
      verify: 'verify tree --date latest --level full',
      restore: `restore tree --to ${join(work, `restored-${count}`)}`,
    })) {
      rows.push([String(count), run, ...figures(await measure(hikae(verb)))]);
    }
  }
  say(`\n${formatRows(rows)}`);
}

function figures({ wall, memory }: Measure): string[] {
  return [wall.toFixed(2), (memory / 1024 / 1024).toFixed(0)];
}

async function measureStart(): Promise<void> {
  const [node, ...words] = command;
  const times: number[] = [];
  await measure(`${command.join(' ')} --version`);
  for (let run = 0; run < 20; run++) {
    const started = performance.now();
    execFileSync(node, [...words, '--version']);
    times.push(performance.now() - started);
  }
  say(`hikae --version: ${spread(times, 0).join(' ms, ')} ms`);
}

function say(text: string): void {
  stdout.write(`${text}\n`);
}
