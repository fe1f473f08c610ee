/**
 * A backup killed at any moment: every earlier snapshot stays whole, a new one is whole or isn't there, and the next run goes on
 * from what was stored. HIKAE_LONG=1 kills 1,000 times; HIKAE_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setTimes } from '../../src/base/libc.ts';
import { parseNode } from '../../src/vault/plain/node-line.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { openQuickDisk, type QuickDisk } from '../doubles/quick-disk.ts';
import { readAsTree } from '../vault/round-trip.ts';
import { dayTime, listed, never, openVault, take, verifyAll, writing } from '../vault/taking.ts';

const KILLS = process.env.HIKAE_LONG === '1' ? 1000 : 100;
const SMALL = 400;
const LARGE = 3;
const program = fileURLToPath(new URL('./programs/take-snapshot.ts', import.meta.url));
const seed = Number(process.env.HIKAE_SEED ?? Date.now() % 1_000_000);
const random = seededRandom(seed);

/** The steps that a run tells, with how many of a hundred kills shall fall into each. */
const shares = { beginning: 8, storing: 48, listing: 12, syncing: 14, publishing: 14, published: 4 };
type Step = keyof typeof shares;
const steps = Object.keys(shares) as Step[];

let disk: QuickDisk;
let folder = '';
let root = '';
let place = '';
let vault: Vault;

before(async () => {
  disk = openQuickDisk('kill', 512);
  folder = disk.folder;
  root = join(folder, 'source');
  place = join(folder, 'vault');
  for (let number = 0; number < SMALL; number++) {
    mkdirSync(join(root, `folder-${number % 20}`), { recursive: true });
    put(number, 0);
  }
  for (let number = 0; number < LARGE; number++) {
    writeFileSync(join(root, `large-${number}`), Buffer.alloc(1_500_000, `${number} `));
  }
  vault = await openVault(place, { threads: 1 });
});
after(() => disk.remove());

function put(number: number, round: number): void {
  writeFileSync(
    join(root, `folder-${number % 20}`, `small-${number}`),
    `${number} in round ${round}\n`.repeat(1 + (number % 50)),
  );
}

/** A third of the files gets other content, and one of the large ones. */
function change(round: number): void {
  for (let number = 0; number < SMALL; number++) if (random() < 1 / 3) put(number, round);
  writeFileSync(join(root, `large-${round % LARGE}`), Buffer.alloc(1_500_000, `round ${round} `));
}

interface Run {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly reached: { readonly step: string; readonly at: number }[];
  /** resolves when a step is told, or the run has ended */
  reach(step: string): Promise<void>;
  readonly ended: Promise<void>;
}

function start(day: number): Run {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') };
  const child = spawn(process.execPath, [program, root, place, String(day)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  const reached: { step: string; at: number }[] = [];
  const waiting = new Map<string, () => void>();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const at = performance.now();
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const step of lines) {
      reached.push({ step, at });
      waiting.get(step)?.();
    }
  });
  const ended = once(child, 'close').then(() => {
    for (const resolve of waiting.values()) resolve();
  });
  const reach = (step: string) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || reached.some((one) => one.step === step)) resolve();
      else waiting.set(step, resolve);
    });
  return { child, reached, reach, ended };
}

/** How long each step took lately, in milliseconds: the machine may have other work one moment and none the next. */
class Durations {
  readonly #taken = new Map<Step, number[]>(steps.map((step) => [step, []]));

  of(step: Step): number {
    return median(this.#taken.get(step) ?? []);
  }

  /** Learns from a run: from steps that it has left, and from one that it was killed in if that had taken longer than known. */
  learn({ reached }: Run, killed?: number): void {
    for (const [at, { step, at: begun }] of reached.entries()) {
      const taken = this.#taken.get(step as Step);
      const end = reached[at + 1]?.at ?? killed;
      if (taken === undefined || end === undefined) continue;
      if (at + 1 === reached.length && end - begun <= this.of(step as Step)) continue;
      taken.push(end - begun);
      if (taken.length > REMEMBERED) taken.shift();
    }
  }
}

const REMEMBERED = 9;

/** By runs that nobody kills. */
async function measure(): Promise<Durations> {
  const durations = new Durations();
  for (let day = 0; day < 4; day++) {
    if (day > 0) change(-day);
    const run = start(day);
    await run.reach('ready');
    run.child.stdin.write('go\n');
    await run.ended;
    assert.equal(run.child.exitCode, 0);
    // The first is one that copies everything.
    if (day > 0) durations.learn(run);
  }
  return durations;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function choose(): Step {
  let left = random() * 100;
  for (const step of steps) {
    left -= shares[step];
    if (left < 0) return step;
  }
  return 'storing';
}

/** Lets it run, and kills it at a moment within a step; returns the step that it had reached. */
async function runAndKill(run: Run, step: Step, durations: Durations): Promise<Step> {
  const wait = random() * durations.of(step) * 1.05;
  await run.reach('ready');
  run.child.stdin.write('go\n');
  await run.reach(step);
  const until = performance.now() + wait;
  if (wait > 3) await delay(wait - 2);
  while (performance.now() < until);
  run.child.kill('SIGKILL');
  const killed = performance.now();
  await run.ended;
  // A run that fails by itself would look like one that was killed early.
  assert.ok(run.child.exitCode === null || run.child.exitCode === 0, `it ended with ${run.child.exitCode}`);
  durations.learn(run, killed);
  return (run.reached.findLast((one) => steps.includes(one.step as Step))?.step ?? 'beginning') as Step;
}

/** Files of the component in a folder of the vault, by path, with their inodes. */
function inodesIn(name: string): Map<string, number> {
  const inodes = new Map<string, number>();
  const base = join(place, 'daily/files', name, 'c');
  for (const entry of readdirSync(base, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    inodes.set(path.slice(base.length + 1), lstatSync(path).ino);
  }
  return inodes;
}

function partials(): string[] {
  return readdirSync(join(place, 'daily/files')).filter((name) => name.includes('.partial'));
}

/** Spoils one file that the killed run had copied and listed, as if its bytes had never reached the disk; its path. */
function spoil(name: string): string | undefined {
  const own = join(place, 'daily/files', name);
  const there = readdirSync(join(own, '.hikae'));
  const list = ['nodes', 'manifest'].find((one) => there.includes(one));
  if (list === undefined) return undefined;
  const whole = readFileSync(join(own, '.hikae', list), 'utf8')
    .split('\n')
    .slice(0, -1);
  const lines = whole.filter((line) => line.startsWith('{"path":'));
  for (const line of lines.reverse()) {
    const { path, type, size, mtime } = parseNode(line);
    // One that is shared with an earlier snapshot isn't what the killed run has written.
    if (type !== 'file' || lstatSync(join(own, path)).nlink !== 1) continue;
    const file = openSync(join(own, path), 'r+');
    writeSync(file, Buffer.alloc(size));
    setTimes(file, mtime);
    closeSync(file);
    return path.slice('c/'.length);
  }
  return undefined;
}

test(`a backup that is killed at ${KILLS} moments`, { timeout: KILLS * 20_000 }, async (t) => {
  const durations = await measure();
  await writing(vault, async (writable) => {
    for (const entry of (await vault.list({ signal: never })).snapshots.slice(0, -1)) {
      await writable.remove(entry, { signal: never });
    }
  });
  let earlier = (await vault.list({ signal: never })).snapshots[0];
  assert.ok(earlier !== undefined);
  let source = describeTree(root);
  const hit = new Map<string, number>();
  const seen = { partial: 0, published: 0, reused: 0, spoilt: 0 };
  let run = start(4);
  for (let kill = 0; kill < KILLS; kill++) {
    const day = kill + 4;
    change(kill);
    const step = await runAndKill(run, choose(), durations);
    hit.set(step, (hit.get(step) ?? 0) + 1);
    // The next one gets ready while this one is looked at.
    run = start(day + 1);
    const where = `kill ${kill} in ${step}, seed ${seed}`;
    const changed = describeTree(root);

    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual(unreadable, [], where);
    const [first, second, ...more] = snapshots;
    assert.deepEqual([first, more.length], [earlier, 0], where);
    if (second !== undefined) {
      seen.published += 1;
      assert.ok(second.complete, where);
      assert.deepEqual(await readAsTree(vault, second), changed, where);
    }
    assert.deepEqual((await verifyAll(vault)).findings, [], where);
    assert.deepEqual(await readAsTree(vault, earlier), source, where);
    const latest = readlinkSync(join(place, 'daily/files/latest'));
    assert.ok(
      snapshots.some(({ place: one }) => one.endsWith(`/${latest}`)),
      where,
    );

    const [left, ...others] = partials();
    assert.deepEqual(others, [], where);
    const spoilt = left !== undefined && kill % 2 === 0 ? spoil(left) : undefined;
    const before =
      left === undefined || !readdirSync(join(place, 'daily/files', left)).includes('c')
        ? new Map<string, number>()
        : inodesIn(left);
    const { entry, stored } = await take(vault, { root, time: dayTime(day) + 1000 });
    const names = readdirSync(join(place, 'daily/files'));
    assert.deepEqual(
      names.filter((name) => !/^[-\dT]+$|^latest$/.test(name)),
      [],
      where,
    );
    assert.equal(readlinkSync(join(place, 'daily/files/latest')), entry.place.split('/').at(-1), where);
    const final = inodesIn(entry.place.split('/').at(-1) ?? '');
    const old = inodesIn(earlier.place.split('/').at(-1) ?? '');
    if (left !== undefined) seen.partial += 1;
    for (const [path, inode] of before)
      if (final.get(path) === inode && old.get(path) !== inode) seen.reused += 1;
    if (spoilt !== undefined) {
      seen.spoilt += 1;
      assert.notEqual(final.get(spoilt), before.get(spoilt), `${spoilt}, ${where}`);
    }
    assert.ok(stored.summary.complete, where);

    await writing(vault, async (writable) => {
      for (const one of (await vault.list({ signal: never })).snapshots) {
        if (one.place !== entry.place) await writable.remove(one, { signal: never });
      }
    });
    assert.deepEqual(await listed(vault), [entry.place], where);
    earlier = (await vault.list({ signal: never })).snapshots[0];
    assert.ok(earlier !== undefined);
    source = changed;
  }
  run.child.kill('SIGKILL');
  await run.ended;
  const histogram = steps.map((step) => `${step} ${hit.get(step) ?? 0}`).join(', ');
  t.diagnostic(`${KILLS} kills, seed ${seed}: ${histogram}`);
  t.diagnostic(
    `left a partial folder ${seen.partial} times, published all the same ${seen.published} times; ` +
      `${seen.reused} files taken over, ${seen.spoilt} spoilt ones not`,
  );
  for (const step of steps) assert.ok((hit.get(step) ?? 0) > 0, `nothing was killed in ${step}`);
  assert.ok(seen.reused > 0, 'nothing was taken over from an interrupted run');
  assert.ok(seen.spoilt > 0, 'nothing was spoilt');
});
