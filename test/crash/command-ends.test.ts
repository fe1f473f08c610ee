/**
 * The command itself, ended at any moment of what changes a vault: by SIGKILL, by Ctrl-C, by a second Ctrl-C. Every snapshot
 * that was there is as it was, restic finds nothing wrong, and the next run succeeds at once and goes on from what was
 * stored. HIKAE_LONG=1 ends hundreds of runs; HIKAE_SEED repeats one.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { Amount } from '../../src/vault/upkeep.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { openQuickDisk, type QuickDisk } from '../doubles/quick-disk.ts';
import { type Ran, runHere, Scratch, withPolicy } from '../end-to-end/command.ts';
import { resticCheck } from '../vault/restic-command.ts';
import { openTestRepository, PASSWORD } from '../vault/restic-taking.ts';
import { listed, never, openVault, silent, take, verifyAll } from '../vault/taking.ts';
import { type Ending, momentOf, runAndEnd, stepsIn } from './ended-run.ts';
import { isLong, noise } from './failing-calls.ts';
import { damage, makeUntidy, type States, statesOf } from './untidy.ts';

/** of each action */
const ENDS = isLong ? 40 : 1;
const DAY = 86_400_000;
const seed = Number(process.env.HIKAE_SEED ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const ways: readonly Ending[] = ['killed', 'interrupted', 'killed', 'interrupted twice'];

let disk: QuickDisk;
let scratch: Scratch;

before(async () => {
  disk = openQuickDisk('ends', 512);
  scratch = new Scratch(disk.folder);
  const root = scratch.at('tree');
  const now = Date.now();
  const kinds = { plain: openVault, restic: (path: string) => openTestRepository(path) };
  for (let file = 0; file < 40; file++)
    scratch.write(`tree/${file % 5}/small-${file}`, `${file} `.repeat(file * 100));
  for (const [kind, open] of Object.entries(kinds)) {
    const [from, to] = [await open(scratch.at(`from-${kind}`)), await open(scratch.at(`to-${kind}`))];
    for (const [vault, day] of [
      [to, 3],
      [from, 2],
      [from, 1],
    ] as const) {
      scratch.write('tree/large', noise(1_500_000, `day ${day}`));
      await take(vault, { root, time: now - day * DAY });
    }
    await from.close();
    await to.close();
  }
  scratch.write('tree/large', noise(1_500_000, 'today'));
  await makeUntidy(scratch.at('untidy'), scratch.at('untidy-tree'));
  copy('untidy', 'marked');
  const vault = await openTestRepository(scratch.at('marked'), { create: false });
  await vault.prune?.({ grace: DAY, dryRun: false, wait: 0, emit: silent, signal: never });
  await vault.close();
  copy('untidy', 'damaged');
  damage(scratch.at('damaged'));
  scratch.write('password', PASSWORD, 0o600);
});
after(() => {
  scratch[Symbol.dispose]();
  disk.remove();
});

/** With its hard links and times. */
function copy(from: string, to: string): void {
  rmSync(scratch.at(to), { recursive: true, force: true });
  execFileSync('cp', ['-a', scratch.at(from), scratch.at(to)]);
}

interface Action {
  /** the vault that is changed, as it is before */
  readonly vault: 'to-plain' | 'to-restic' | 'untidy' | 'marked' | 'damaged';
  readonly args: readonly string[];
}

const actions: Readonly<Record<string, Action>> = {
  'a copy from dated trees to others': {
    vault: 'to-plain',
    args: ['copy', '--from', 'from-plain', '--to', 'work'],
  },
  'a copy from dated trees to a repository': {
    vault: 'to-restic',
    args: ['copy', '--from', 'from-plain', '--to', 'work'],
  },
  'a copy from a repository to dated trees': {
    vault: 'to-plain',
    args: ['copy', '--from', 'from-restic', '--to', 'work'],
  },
  'a copy from a repository to another': {
    vault: 'to-restic',
    args: ['copy', '--from', 'from-restic', '--to', 'work'],
  },
  'a backup into a repository': { vault: 'to-restic', args: ['backup'] },
  'a prune': { vault: 'untidy', args: ['prune', '--vault', 'work'] },
  'a prune without grace': { vault: 'marked', args: ['prune', '--vault', 'work', '--grace', '0s'] },
  'a repair': { vault: 'damaged', args: ['repair', '--vault', 'work', '--from', 'untidy'] },
};

interface ToldEnds {
  readonly outcome: string;
  readonly ends?: readonly {
    readonly copied?: readonly { readonly newBytes: number }[];
  }[];
}

const isRepository = ({ vault }: Action) => vault !== 'to-plain';

function policyOf(action: Action): string {
  const keep = { daily: 10 };
  const password = { file: scratch.at('password') };
  const restic = (name: string) => ({ restic: scratch.at(name), password, keep });
  const plain = (name: string) => ({ plain: scratch.at(name), keep });
  return scratch.policy({
    targets: { files: { components: { c: { files: scratch.at('tree') } }, retry: { times: 0 } } },
    vaults: {
      work: isRepository(action) ? restic('work') : plain('work'),
      'from-plain': plain('from-plain'),
      'from-restic': restic('from-restic'),
      untidy: restic('untidy'),
    },
    schedules: { daily: { at: '02:00', to: 'work' } },
  });
}

/** The vault that an action works on, read without a lock: one who was killed may have left his. */
async function inWork<Result>(action: Action, work: (vault: Vault) => Promise<Result>): Promise<Result> {
  const reading = { lock: false, wait: 0, emit: silent };
  const vault = isRepository(action)
    ? await openTestRepository(scratch.at('work'), { create: false, reading })
    : await openVault(scratch.at('work'), { create: false });
  try {
    return await work(vault);
  } finally {
    await vault.close();
  }
}

/** What only a run that is under way has in its vaults. */
function leftovers(action: Action): readonly string[] {
  if (!isRepository(action))
    return readdirSync(scratch.at('work/daily/files')).filter((name) => name.includes('.partial'));
  const partial = readdirSync(scratch.at('work/.partial')).filter((name) => name !== 'lock');
  return [...partial, ...readdirSync(scratch.at('work/locks'))];
}

function copiedIn({ ends = [] }: ToldEnds) {
  return ends.flatMap(({ copied = [] }) => copied);
}

const sentIn = (told: ToldEnds) => copiedIn(told).reduce((sum, { newBytes }) => sum + newBytes, 0);

/** Every earlier snapshot is as it was, and any other is what an undisturbed run has made. */
function requireSound(found: States, known: States, whole: States, where: string): void {
  const made = [...whole].find(([place]) => !known.has(place))?.[1];
  for (const place of known.keys()) assert.ok(found.has(place), `${place} is lost, ${where}`);
  for (const [place, described] of found)
    assert.deepEqual(described, whole.get(place) ?? made, `${place}, ${where}`);
}

/** Whoever had told his result before he heard of it may have ended in any way. */
function requireEnded({ status, stdout, stderr }: Ran, ending: Ending, where: string): void {
  const isOver = stdout !== '' && (JSON.parse(stdout) as Partial<ToldEnds>).outcome === 'succeeded';
  if (isOver) return;
  assert.equal(status, ending === 'killed' ? null : 130, `${where}\n${stdout}\n${stderr}`);
}

/** What the ended run has left in the vault is whole, and nobody needs to wait for its locks. */
async function requireWhole(action: Action, known: States, whole: States, where: string): Promise<void> {
  if (action.vault === 'damaged') return;
  if (isRepository(action)) assert.equal(resticCheck(scratch.at('work'), { lock: false }), 'sound', where);
  requireSound(await inWork(action, statesOf), known, whole, where);
}

async function requirePruned(policy: string, { args }: Action, where: string): Promise<void> {
  const { result } = await runHere<
    readonly { readonly report: Record<'copied' | 'marked' | 'removed', Amount> }[]
  >(policy, [...args, '--dry-run']);
  const left = result.flatMap(({ report: { copied, marked, removed } }) => [copied, marked, removed]);
  assert.deepEqual(
    left.map(({ packs }) => packs),
    [0, 0, 0],
    where,
  );
}

describe(`${ENDS} ends`, { timeout: 1_200_000 * (isLong ? 6 : 1) }, () => {
  for (const [index, [what, action]] of Object.entries(actions).entries())
    test(`of ${what}`, async (t) => {
      const policy = policyOf(action);
      const begin = (vault = action.vault) => {
        copy(vault, 'work');
        rmSync(scratch.at('state'), { recursive: true, force: true });
      };
      begin(action.vault === 'damaged' ? 'untidy' : action.vault);
      const known = await inWork(action, statesOf);
      begin();
      const undisturbed = await runHere<ToldEnds>(policy, action.args);
      assert.equal(undisturbed.status, 0, undisturbed.stdout);
      const steps = stepsIn(undisturbed.stderr);
      const whole = await inWork(action, statesOf);
      const all = undisturbed.result;
      const seen = { moments: [] as string[], left: 0, reused: 0 };
      for (let number = 0; number < ENDS; number++) {
        begin();
        const ending = ways[(index + number) % ways.length] as Ending;
        const moment = momentOf(steps, { number, count: ENDS, random });
        const ended = await runAndEnd(withPolicy(policy, action.args), { moment, ending });
        const told = `${ending} in ${ended.reached}`;
        const where = `${told}, end ${number}, seed ${seed}`;
        requireEnded(ended, ending, where);
        const left = leftovers(action);
        if (ending === 'interrupted' && isRepository(action)) assert.deepEqual(left, [], where);
        await requireWhole(action, known, whole, where);
        const published = (await inWork(action, listed)).length - known.size;

        const again = await runHere<ToldEnds>(policy, [...action.args, '--lock-wait', '0s']);
        assert.deepEqual([again.status, again.result.outcome], [0, 'succeeded'], `${where}\n${again.stdout}`);
        assert.deepEqual(leftovers(action), [], where);
        requireSound(await inWork(action, statesOf), known, whole, where);
        assert.deepEqual((await inWork(action, verifyAll)).findings, [], where);
        if (action.args[0] === 'prune') await requirePruned(policy, action, where);
        if (action.args[0] === 'copy') {
          assert.equal(published + copiedIn(again.result).length, copiedIn(all).length, where);
          assert.ok(sentIn(again.result) <= sentIn(all), where);
        }
        seen.moments.push(told);
        seen.left += left.length;
        seen.reused += sentIn(all) - sentIn(again.result);
      }
      t.diagnostic(`seed ${seed}: ${seen.moments.join('; ')}`);
      t.diagnostic(`${seen.left} things were left, ${seen.reused} bytes were there for the next run`);
      if (isLong && action.args[0] === 'copy') assert.ok(seen.reused > 0);
    });
});
