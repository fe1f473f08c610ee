/** What goes into a snapshot, and what becomes of a run when part of it can't. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { describeTree } from '../doubles/live-tree.ts';
import { eventsOf, isRoot, NOBODY, run, runAt, runPlain, Scratch } from './command.ts';

const schedules = { daily: { at: '02:00', to: 'disk' } };

describe('backup', { concurrency: 2, timeout: 120_000 }, () => {
  it('captures folders, lists of files and the output of commands of two targets', async () => {
    using scratch = new Scratch();
    scratch.write('mail/a/cur/1', 'one');
    scratch.write('mail/b', 'two', 0o640);
    symlinkSync('b', scratch.at('mail/link'));
    const env = scratch.write('etc/.env', 'KEY=1', 0o600);
    const users = scratch.write('etc/users/akiko', 'x');
    const policy = scratch.policy({
      targets: {
        mail: {
          components: {
            vmail: { files: scratch.at('mail') },
            config: { files: [env, scratch.at('etc/users')] },
            directory: { command: { argv: ['printf', '%s\\n', 'dc=example'], file: 'directory.ldif' } },
          },
        },
        blog: { components: { users: { files: scratch.at('etc/users'), exclude: ['*.tmp'] } } },
      },
      vaults: { disk: { plain: scratch.at('vault') } },
      schedules,
    });
    const { status, result, events } = await run(policy, ['backup']);
    assert.equal(status, 0);
    assert.deepEqual(
      result.targets.map(({ target, outcome, vault }) => [target, outcome, vault]),
      [
        ['mail', 'succeeded', 'disk'],
        ['blog', 'succeeded', 'disk'],
      ],
    );
    const latest = scratch.at('vault/daily/mail/latest');
    assert.deepEqual(describeTree(`${latest}/vmail`), describeTree(scratch.at('mail')));
    assert.equal(readFileSync(`${latest}/config${env}`, 'utf8'), 'KEY=1');
    assert.equal(readFileSync(`${latest}/config${users}`, 'utf8'), 'x');
    assert.equal(readFileSync(`${latest}/directory/directory.ldif`, 'utf8'), 'dc=example\n');
    assert.equal(readFileSync(scratch.at('vault/daily/blog/latest/users/akiko'), 'utf8'), 'x');
    assert.deepEqual(
      eventsOf({ events }, 'component.finished').map(({ target, component }) => `${target}/${component}`),
      ['mail/config', 'mail/directory', 'mail/vmail', 'blog/users'],
    );
    const only = await run(policy, ['backup', 'blog']);
    assert.deepEqual(
      only.result.targets.map(({ target }) => target),
      ['blog'],
    );
    assert.equal((await run(policy, ['backup', 'blgo'])).status, 2);
  });

  it('tries a failing command again, then leaves its component out, and has it again the next time', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'text');
    const dump = scratch.write(
      'dump',
      `#!/bin/sh\necho turn >>${scratch.at('turns')}\necho half\n[ -e ${scratch.at('works')} ] || { echo no server >&2; exit 7; }\n`,
      0o755,
    );
    const policy = scratch.policy({
      targets: {
        blog: {
          retry: { times: 2, wait: '0s' },
          components: {
            site: { files: scratch.at('site') },
            base: { command: { argv: [dump], file: 'base.sql' } },
          },
        },
      },
      vaults: { disk: { plain: scratch.at('vault') } },
      schedules,
    });
    scratch.write('works', '');
    assert.equal((await run(policy, ['backup'])).status, 0);
    const folder = scratch.at('vault/daily/blog');
    const first = readlinkSync(`${folder}/latest`);
    const turns = () => readFileSync(scratch.at('turns'), 'utf8').length / 5;
    assert.equal(turns(), 1);

    unlinkSync(scratch.at('works'));
    const failed = await run(policy, ['backup']);
    assert.equal(failed.status, 3);
    assert.equal(turns(), 4);
    const [target] = failed.result.targets;
    assert.equal(target?.outcome, 'partial');
    assert.equal(target?.snapshot?.complete, false);
    assert.deepEqual(
      target?.components.map(({ name, error }) => [name, error?.code]),
      [
        ['base', 'COMMAND_FAILED'],
        ['site', undefined],
      ],
    );
    assert.match(target?.error?.message ?? '', /status 7: no server/);
    assert.equal(readlinkSync(`${folder}/latest`), first);
    const incomplete = scratch.at('vault', target?.snapshot?.place ?? '');
    assert.deepEqual(readdirSync(incomplete).sort(), ['.hikae', 'checksums.sha256', 'site']);

    scratch.write('works', '');
    const again = await run(policy, ['backup']);
    assert.equal(again.status, 0);
    const place = again.result.targets[0]?.snapshot?.place ?? '';
    assert.equal(readlinkSync(`${folder}/latest`), place.split('/').at(-1));
    assert.equal(readFileSync(scratch.at('vault', place, 'base/base.sql'), 'utf8'), 'half\n');
    const inode = (name: string) => lstatSync(`${folder}/${name}/site/page`).ino;
    assert.equal(inode(first), inode('latest'));
  });

  it('publishes nothing when no component can be captured', async () => {
    using scratch = new Scratch();
    const policy = scratch.policy({
      targets: {
        blog: {
          retry: { times: 1, wait: '0s' },
          components: {
            site: { files: scratch.at('missing') },
            base: { command: { argv: ['false'], file: 'base.sql' } },
          },
        },
      },
      vaults: { disk: { plain: scratch.at('vault') } },
      schedules,
    });
    const { status, result, events } = await run(policy, ['backup']);
    assert.equal(status, 1);
    assert.equal(result.targets[0]?.error?.code, 'NOTHING_CAPTURED');
    assert.equal(result.targets[0]?.snapshot, undefined);
    assert.deepEqual(readdirSync(scratch.at('vault/daily/blog')), []);
    assert.deepEqual(eventsOf({ events }, 'snapshot.published'), []);
  });

  it('does not wait for a folder that is missing', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'text');
    const policy = scratch.policy({
      targets: {
        blog: {
          retry: { times: 5, wait: '1m' },
          components: { site: { files: scratch.at('site') }, gone: { files: scratch.at('missing') } },
        },
      },
      vaults: { disk: { plain: scratch.at('vault') } },
      schedules,
    });
    const began = performance.now();
    const { status, result } = await run(policy, ['backup']);
    assert.ok(performance.now() - began < 30_000);
    assert.equal(status, 3);
    assert.equal(
      result.targets[0]?.components.find(({ name }) => name === 'gone')?.error?.code,
      'SOURCE_ROOT_MISSING',
    );
    assert.equal(existsSync(scratch.at('vault/daily/blog/latest')), false);
  });

  it('says what of the policy does not act yet, and does the rest', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'text');
    const policy = scratch.policy({
      targets: { blog: { components: { site: { files: scratch.at('site') } } } },
      vaults: {
        disk: { plain: scratch.at('vault') },
        second: { plain: scratch.at('second') },
      },
      schedules: { daily: { at: '02:00', to: 'disk', copyTo: ['second'] } },
      scan: {},
    });
    const { status, result, events } = await run(policy, ['backup']);
    assert.equal(status, 0);
    const told = eventsOf({ events }, 'warning').filter(({ code }) => code === 'not-acting');
    assert.deepEqual(
      told.map(({ facts }) => facts.path),
      ['scan'],
    );
    assert.equal(result.targets[0]?.snapshot?.complete, true);
    const spoken = await runPlain(['--policy', policy, '--lang', 'ja', 'backup']);
    assert.match(spoken.stderr, /scan はまだ実行されません/);
  });
});

describe('backup of files that come and go', { timeout: 120_000 }, () => {
  it('succeeds, and notes what vanished while it was read', async (context) => {
    using scratch = new Scratch();
    scratch.write('spool/stays', 'here');
    const policy = scratch.policy({
      targets: { mail: { components: { spool: { files: scratch.at('spool') } } } },
      vaults: { disk: { plain: scratch.at('vault') } },
      schedules,
    });
    const traffic = new Worker(comingAndGoing, { eval: true, workerData: scratch.at('spool') });
    try {
      let [runs, notes] = [0, 0];
      while (notes === 0 && runs < 30) {
        const { status, result, events } = await runAt('2026-11-22T02:00:00+09:00', policy, ['backup']);
        runs += 1;
        assert.equal(status, 0);
        assert.deepEqual([result.outcome, result.targets[0]?.troubles.problems], ['succeeded', 0]);
        assert.ok(eventsOf({ events }, 'trouble').every(({ trouble }) => trouble.weight === 'note'));
        notes = eventsOf({ events }, 'trouble').filter(({ trouble }) => trouble.code === 'vanished').length;
      }
      context.diagnostic(`${notes} files vanished in run ${runs}`);
      assert.ok(notes > 0, 'no file vanished in 30 runs');
    } finally {
      await traffic.terminate();
    }
  });
});

/** Makes and removes files without pause, most of them between being listed and being read. */
const comingAndGoing = `
  const { writeFileSync, rmSync } = require('node:fs');
  const { workerData: folder } = require('node:worker_threads');
  const name = (number) => folder + '/' + (number % 400);
  for (let number = 0; ; number++) {
    writeFileSync(name(number), 'x');
    rmSync(name(number + 200), { force: true });
  }`;

describe('backup as a user', {
  skip: !isRoot && 'only root may become somebody else',
  timeout: 60_000,
}, () => {
  it('is partial when a file can not be read', async () => {
    using scratch = new Scratch();
    scratch.write('home/mine', 'mine');
    scratch.write('home/closed', 'closed', 0o600);
    mkdirSync(scratch.at('own'));
    chownSync(scratch.at('own'), NOBODY, NOBODY);
    const policy = scratch.policy({
      state: scratch.at('own/state'),
      targets: { home: { components: { home: { files: scratch.at('home') } } } },
      vaults: { disk: { plain: scratch.at('own/vault') } },
      schedules,
    });
    chownSync(policy, NOBODY, NOBODY);
    const first = await run(policy, ['backup'], { uid: NOBODY });
    assert.equal(first.status, 3, first.stderr);
    const [target] = first.result.targets;
    assert.equal(target?.outcome, 'partial');
    assert.equal(target?.snapshot?.complete, true);
    assert.deepEqual(target?.troubles, { notes: 0, problems: 1 });
    const [trouble] = eventsOf(first, 'trouble');
    assert.equal(trouble?.trouble.code, 'unreadable');
    assert.match(trouble?.trouble.path ?? '', /home\/closed$/);
    chmodSync(scratch.at('home/closed'), 0o644);
    assert.equal((await run(policy, ['backup'], { uid: NOBODY })).status, 0);
  });
});
