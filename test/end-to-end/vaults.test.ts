/** Vaults that are out of reach, gone, or held by another run; and runs that are killed or cancelled. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  eventsOf,
  isRoot,
  type Ran,
  Running,
  run,
  runAt,
  runPlain,
  Scratch,
  told,
  withPolicy,
} from './command.ts';

const noon = '2026-11-22T12:00:00+09:00';

function policyOf(
  scratch: Scratch,
  settings: { command?: string; disk?: object; copyTo?: string } = {},
): string {
  const { command, disk = {}, copyTo } = settings;
  scratch.write('site/page', 'text');
  const site = { files: scratch.at('site') };
  const slow =
    command === undefined ? {} : { slow: { command: { argv: ['sh', '-c', command], file: 'slow' } } };
  return scratch.policy({
    targets: { blog: { retry: { times: 0 }, components: { site, ...slow } } },
    vaults: { disk: { plain: scratch.at('disk/vault'), ...disk }, second: { plain: scratch.at('second') } },
    schedules: { daily: { at: '02:00', to: 'disk', ...(copyTo === undefined ? {} : { copyTo: [copyTo] }) } },
  });
}

interface ToldRun {
  readonly verb: string;
  readonly outcome?: string;
  readonly error?: { readonly code: string };
}

/** Newest first. */
async function runsOf(policy: string): Promise<readonly ToldRun[]> {
  return (await runAt<readonly ToldRun[]>(noon, policy, ['log'])).result;
}

function published(scratch: Scratch): string[] {
  const folder = scratch.at('disk/vault/daily/blog');
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d{4}-[\dT-]+$/.test(name)) : [];
}

async function until(condition: () => boolean): Promise<void> {
  const began = performance.now();
  while (!condition()) {
    assert.ok(performance.now() - began < 20_000, `waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a vault that is out of reach', { timeout: 120_000 }, () => {
  it('is told by the log in the language of who asks', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    assert.equal((await runAt(noon, policy, ['backup'])).status, 0);
    rmSync(scratch.at('disk/vault'), { recursive: true });
    assert.equal((await run(policy, ['backup'])).status, 10);
    const [last] = (await runAt<readonly { readonly id: string }[]>(noon, policy, ['log'])).result;
    const inLanguage = async (language: string) =>
      (await runPlain(['--policy', policy, '--lang', language, 'log', '--run', last?.id ?? ''])).stdout;
    assert.match(await inLanguage('en'), /was there before and is now empty\n→ Is the disk mounted\?/);
    assert.match(await inLanguage('ja'), /保管先が、今は空です\n→ ディスクはマウントされていますか/);
  });

  it('is replaced by the next of the schedule, and the run has failed', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { copyTo: 'second' });
    assert.equal((await runAt(noon, policy, ['backup'])).status, 0);
    rmSync(scratch.at('disk/vault'), { recursive: true });
    const preview = await runAt<
      readonly { vault: string; creates: boolean; unreachable?: { code: string } }[]
    >(noon, policy, ['backup', '--dry-run']);
    const [planned] = preview.result;
    assert.deepEqual(
      [preview.status, planned?.vault, planned?.creates, planned?.unreachable?.code],
      [1, 'second', false, 'VAULT_GONE'],
    );
    const { status, result, events } = await run(policy, ['backup']);
    assert.equal(status, 1);
    const [target] = result.targets;
    assert.deepEqual(
      [target?.outcome, target?.vault, target?.error?.code],
      ['failed', 'second', 'VAULT_GONE'],
    );
    const warning = eventsOf({ events }, 'warning').find(({ code }) => code === 'other-vault');
    assert.deepEqual([warning?.facts.vault, warning?.facts.wanted], ['second', 'disk']);
    assert.equal(existsSync(scratch.at('disk/vault')), false);
    const place = target?.snapshot?.place ?? '';
    assert.equal(readFileSync(scratch.at('second', place, 'site/page'), 'utf8'), 'text');
    const listed = await runAt(noon, policy, ['snapshots']);
    assert.ok(listed.stdout.includes(target?.snapshot?.header.id ?? '-'));
    assert.equal((await runsOf(policy))[0]?.outcome, 'failed');
  });

  it('is not made anew where one was seen, nor where nothing is mounted', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    assert.equal((await runAt(noon, policy, ['backup'])).status, 0);
    renameSync(scratch.at('disk/vault'), scratch.at('elsewhere'));
    for (const empty of [false, true]) {
      if (empty) mkdirSync(scratch.at('disk/vault'), { mode: 0o700 });
      const { status, result } = await runAt(noon, policy, ['backup']);
      assert.deepEqual([status, result.targets[0]?.error?.code], [10, 'VAULT_GONE']);
    }
    assert.deepEqual(readdirSync(scratch.at('disk/vault')), []);
    rmSync(scratch.at('disk/vault'), { recursive: true });
    renameSync(scratch.at('elsewhere'), scratch.at('disk/vault'));
    assert.equal((await runAt(noon, policy, ['backup'])).status, 0);

    using other = new Scratch();
    mkdirSync(other.at('disk'));
    const mounted = policyOf(other, { disk: { mounted: other.at('disk') } });
    const { status, result } = await runAt(noon, mounted, ['backup']);
    assert.deepEqual([status, result.targets[0]?.error?.code], [10, 'VAULT_NOT_MOUNTED']);
    assert.deepEqual(readdirSync(other.at('disk')), []);
  });

  it('is used where its disk is mounted', { skip: !isRoot && 'only root may mount' }, async () => {
    using scratch = new Scratch();
    mkdirSync(scratch.at('disk'));
    const policy = policyOf(scratch, { disk: { mounted: scratch.at('disk') } });
    const mount = `mount -t tmpfs none ${scratch.at('disk')} && exec "$@"`;
    const { status } = await run(policy, ['backup'], {
      under: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
    });
    assert.equal(status, 0);
    assert.equal(spawnSync('mountpoint', ['--quiet', scratch.at('disk')]).status, 32);
    const { status: without, result } = await run(policy, ['backup']);
    assert.deepEqual([without, result.targets[0]?.error?.code], [10, 'VAULT_NOT_MOUNTED']);
  });
});

describe('a run that holds the vault', { timeout: 120_000 }, () => {
  it('is waited for, and leaves no lock when it is killed', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { command: `touch ${scratch.at('begun')}; exec sleep 600` });
    using first = new Running(withPolicy(policy, ['backup']));
    await until(() => existsSync(scratch.at('begun')));
    const quick = policyOf(scratch);
    const locked = await run(quick, ['backup', '--lock-wait', '1s']);
    assert.deepEqual([locked.status, locked.result.targets[0]?.error?.code], [11, 'VAULT_LOCKED']);
    assert.ok(eventsOf(locked, 'phase').some(({ phase }) => phase === 'waiting'));

    first.kill('SIGKILL');
    await first.end;
    const { status, events } = await run(quick, ['backup', '--lock-wait', '0s']);
    assert.equal(status, 0);
    const interrupted = eventsOf({ events }, 'warning').filter(({ code }) => code === 'run-interrupted');
    assert.deepEqual(
      interrupted.map(({ facts }) => facts.verb),
      ['backup'],
    );
    assert.deepEqual(
      (await runsOf(policy)).map(({ outcome }) => outcome),
      ['succeeded', 'failed', 'interrupted'],
    );
    assert.equal(published(scratch).length, 1);
    assert.deepEqual(
      readdirSync(scratch.at('disk/vault/daily/blog')).filter((name) => name.includes('partial')),
      [],
    );
  });

  it('lets the waiting one go on when it ends', async () => {
    using scratch = new Scratch();
    const gate = scratch.at('gate');
    const policy = policyOf(scratch, {
      command: `touch ${scratch.at('begun')}; while [ ! -e ${gate} ]; do sleep 0.1; done`,
    });
    using first = new Running(withPolicy(policy, ['backup']));
    await until(() => existsSync(scratch.at('begun')));
    using second = new Running(withPolicy(policyOf(scratch), ['backup']));
    await second.told('"waiting"');
    scratch.write('gate', '');
    assert.deepEqual([(await first.end).status, (await second.end).status], [0, 0]);
    assert.equal(published(scratch).length, 2);
  });
});

describe('Ctrl-C', { timeout: 120_000 }, () => {
  it('ends a large copy within two seconds, and the next run is as any other', async (context) => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { copyTo: 'second' });
    const big = randomBytes(100 << 20);
    for (const name of ['one', 'two', 'three', 'four']) scratch.write(`site/${name}`, big);
    let seconds = Number.POSITIVE_INFINITY;
    // On a machine that is busy with something else one try tells little.
    for (let turn = 0; turn < 3 && seconds >= 2; turn++) {
      using running = new Running(withPolicy(policy, ['backup']));
      await running.told('"work.done"');
      const began = performance.now();
      running.kill('SIGINT');
      const ended = await running.end;
      seconds = Math.min(seconds, (performance.now() - began) / 1000);
      context.diagnostic(`ended ${seconds.toFixed(2)} s after SIGINT`);
      assert.equal(ended.status, 130);
      assert.equal(told(ended).result.error?.code, 'CANCELLED');
      assert.deepEqual(published(scratch), []);
      assert.equal(existsSync(scratch.at('second')), false);
    }
    assert.ok(seconds < 2, `${seconds} s`);
    const [recorded] = await runsOf(policy);
    assert.deepEqual([recorded?.outcome, recorded?.error], ['cancelled', undefined]);
    for (const name of ['two', 'three', 'four']) rmSync(scratch.at('site', name));
    assert.equal((await run(policy, ['backup'])).status, 0);
    assert.equal(published(scratch).length, 1);
  });

  it('ends at once the second time, with what was started', async () => {
    using scratch = new Scratch();
    const stubborn = `trap '' TERM; echo $$ >${scratch.at('pid')}; sleep 600`;
    const policy = policyOf(scratch, { command: stubborn });
    using running = new Running(withPolicy(policy, ['backup']));
    await until(() => existsSync(scratch.at('pid')));
    running.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(running.child.exitCode, null);
    const began = performance.now();
    running.kill('SIGINT');
    const ended: Ran = await running.end;
    assert.equal(ended.status, 130);
    assert.ok(performance.now() - began < 1_000);
    assert.deepEqual(published(scratch), []);
    const pid = readFileSync(scratch.at('pid'), 'utf8').trim();
    await until(
      () =>
        !existsSync(`/proc/${pid}`) || /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
  });
});
