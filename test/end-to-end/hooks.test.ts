/** Commands before and after a capture: the service that they stop must come back, whatever happens. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Running, run, runAt, Scratch, withPolicy } from './command.ts';

const noon = '2026-11-22T12:00:00+09:00';

function policyOf(scratch: Scratch, target: object, more: object = {}): string {
  scratch.write('site/page', 'text');
  return scratch.policy({
    targets: { blog: { components: { site: { files: scratch.at('site') } }, ...target }, ...more },
    vaults: { disk: { plain: scratch.at('vault') } },
    schedules: { daily: { at: '02:00', to: 'disk' } },
  });
}

/** A hook that writes its word into the diary. */
function note(scratch: Scratch, word: string): string[] {
  return ['sh', '-c', 'echo "$1" >>"$0"', scratch.at('diary'), word];
}

function diary(scratch: Scratch): string[] {
  const file = scratch.at('diary');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended and was not waited for yet is a zombie.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function published(scratch: Scratch): string[] {
  const folder = scratch.at('vault/daily/blog');
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d{4}-[\d-]+$/.test(name)) : [];
}

describe('hooks of a backup', { concurrency: 2, timeout: 120_000 }, () => {
  it('run before and after the capture, in their order', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, {
      before: [note(scratch, 'stop'), ['sh', '-c', `echo dumped >${scratch.at('site/dump')}`]],
      after: [['rm', scratch.at('site/dump')], note(scratch, 'start')],
    });
    assert.equal((await run(policy, ['backup'])).status, 0);
    assert.deepEqual(diary(scratch), ['stop', 'start']);
    assert.equal(readFileSync(scratch.at('vault/daily/blog/latest/site/dump'), 'utf8'), 'dumped\n');
    assert.deepEqual(readdirSync(scratch.at('site')), ['page']);
  });

  it('are not run by a dry run', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { before: [note(scratch, 'stop')], after: [note(scratch, 'start')] });
    assert.equal((await runAt(noon, policy, ['backup', '--dry-run'])).status, 0);
    assert.deepEqual(diary(scratch), []);
  });

  it('run after a capture that failed', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, {
      components: { site: { files: scratch.at('missing') } },
      before: [note(scratch, 'stop')],
      after: [note(scratch, 'start')],
    });
    const { status, result } = await runAt(noon, policy, ['backup']);
    assert.deepEqual([status, result.targets[0]?.error?.code], [1, 'NOTHING_CAPTURED']);
    assert.deepEqual(diary(scratch), ['stop', 'start']);
  });

  it('keep a target from being captured when one before fails, and the other targets go on', async () => {
    using scratch = new Scratch();
    const policy = policyOf(
      scratch,
      {
        before: [note(scratch, 'stop'), ['sh', '-c', 'echo no bus >&2; exit 4'], note(scratch, 'never')],
        after: [['false'], note(scratch, 'start')],
      },
      { wiki: { components: { site: { files: scratch.at('site') } } } },
    );
    const { status, result } = await runAt(noon, policy, ['backup']);
    assert.equal(status, 1);
    assert.deepEqual(
      result.targets.map(({ outcome, error }) => [outcome, error?.code]),
      [
        ['failed', 'HOOK_FAILED'],
        ['succeeded', undefined],
      ],
    );
    assert.match(result.targets[0]?.error?.message ?? '', /status 4: no bus/);
    assert.deepEqual(diary(scratch), ['stop', 'start']);
    assert.deepEqual(published(scratch), []);
  });

  it('that fail afterwards fail the run, and the snapshot is there and told', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { after: [['false'], note(scratch, 'start')] });
    const { status, result, events } = await runAt(noon, policy, ['backup']);
    assert.equal(status, 1);
    const [target] = result.targets;
    assert.deepEqual([target?.outcome, target?.error?.code], ['failed', 'HOOK_FAILED']);
    assert.equal(target?.snapshot?.place, 'daily/blog/2026-11-22');
    assert.ok(events.some(({ type }) => type === 'snapshot.published'));
    assert.deepEqual(diary(scratch), ['start']);
    assert.deepEqual(published(scratch), ['2026-11-22']);
  });

  it('that hang are ended with everything they have started', async () => {
    using scratch = new Scratch();
    const deaf = `(trap '' TERM; exec >/dev/null 2>&1; echo $(exec sh -c 'echo $PPID') >${scratch.at('deaf')}; while :; do sleep 1; done) &`;
    const hang = `${deaf} sleep 600 & echo $! >${scratch.at('sleeper')}; wait`;
    const policy = policyOf(scratch, {
      timeout: '1s',
      before: [['sh', '-c', hang]],
      after: [note(scratch, 'start')],
    });
    const { status, result } = await run(policy, ['backup']);
    assert.deepEqual([status, result.targets[0]?.error?.code], [1, 'HOOK_FAILED']);
    assert.match(result.targets[0]?.error?.message ?? '', /longer than 1 s/);
    assert.deepEqual(diary(scratch), ['start']);
    for (const name of ['sleeper', 'deaf']) {
      const pid = Number(readFileSync(scratch.at(name), 'utf8'));
      assert.ok(pid > 1);
      assert.ok(!isAlive(pid), `${name} still runs`);
    }
  });

  it('may start a service, which is neither waited for nor ended', async () => {
    using scratch = new Scratch();
    const service = `sleep 30 & echo $! >${scratch.at('pid')}`;
    const policy = policyOf(scratch, { after: [['sh', '-c', service]] });
    const began = performance.now();
    assert.equal((await run(policy, ['backup'])).status, 0);
    assert.ok(performance.now() - began < 20_000);
    const pid = Number(readFileSync(scratch.at('pid'), 'utf8'));
    assert.ok(isAlive(pid));
    process.kill(pid);
  });

  it('afterwards run when the one before is cancelled', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, {
      before: [['sh', '-c', `echo $$ >${scratch.at('pid')}; exec sleep 600`]],
      after: [note(scratch, 'start')],
    });
    using running = new Running(withPolicy(policy, ['backup']));
    await running.told('hook.started');
    while (!existsSync(scratch.at('pid'))) await new Promise((resolve) => setTimeout(resolve, 10));
    running.kill('SIGINT');
    assert.equal((await running.end).status, 130);
    assert.deepEqual(diary(scratch), ['start']);
    assert.ok(!isAlive(Number(readFileSync(scratch.at('pid'), 'utf8'))));
    assert.deepEqual(published(scratch), []);
  });

  it('afterwards run when the capture is cancelled', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, {
      components: { slow: { command: { argv: ['sleep', '600'], file: 'slow' } } },
      after: [['sleep', '0.2'], note(scratch, 'start')],
    });
    using running = new Running(withPolicy(policy, ['backup']));
    await running.told('component.started');
    running.kill('SIGTERM');
    assert.equal((await running.end).status, 130);
    assert.deepEqual(diary(scratch), ['start']);
    assert.deepEqual(published(scratch), []);
  });
});
