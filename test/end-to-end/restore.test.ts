/** Bringing data back: what the plan says, what is done, and how it is undone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeTree } from '../doubles/live-tree.ts';
import {
  isRoot,
  Running,
  run,
  runAt,
  runPlain,
  Scratch,
  type Told,
  type ToldBackup,
  type ToldPlan,
  type ToldRestore,
  withPolicy,
} from './command.ts';

const noon = '2026-11-22T12:00:00+09:00';
const later = '2026-11-23T12:00:00+09:00';

function policyOf(scratch: Scratch, more: object = {}, components: object = {}): string {
  return scratch.policy({
    targets: { blog: { components: { site: { files: scratch.at('site') }, ...components }, ...more } },
    vaults: { disk: { plain: scratch.at('vault') } },
    schedules: { daily: { at: '02:00', to: 'disk' } },
  });
}

/** Some of everything. */
function makeSite(scratch: Scratch): string {
  for (const name of [
    'same',
    'edited',
    'mode',
    'older',
    'gone',
    'becomes-folder',
    'folder/inside',
    'lost/a/b',
    'twin',
  ]) {
    scratch.write(`site/${name}`, `${name} as it was`);
  }
  linkSync(scratch.at('site/twin'), scratch.at('site/other-twin'));
  symlinkSync('same', scratch.at('site/link'));
  mkdirSync(scratch.at('site/empty'));
  scratch.write('site/becomes-file/inside', 'x');
  return scratch.at('site');
}

function wreck(scratch: Scratch): void {
  const site = scratch.at('site');
  writeFileSync(join(site, 'edited'), 'edited as it never was');
  chmodSync(join(site, 'mode'), 0o4755);
  utimesSync(join(site, 'older'), 1_000_000_000, 1_000_000_000);
  rmSync(join(site, 'gone'));
  rmSync(join(site, 'lost'), { recursive: true });
  rmSync(join(site, 'becomes-folder'));
  scratch.write('site/becomes-folder/new', 'n');
  rmSync(join(site, 'becomes-file'), { recursive: true });
  scratch.write('site/becomes-file', 'n');
  rmSync(join(site, 'link'));
  symlinkSync('mode', join(site, 'link'));
  rmSync(join(site, 'other-twin'));
  scratch.write('site/other-twin', 'twin as it was');
  scratch.write('site/extra', 'extra');
  scratch.write('site/extras/deep/file', 'extra');
}

/** By what happened to each path below the root: what a plan foretells. */
function changes(root: string, before: Map<string, string>, after: Map<string, string>): string[] {
  const happened: string[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) continue;
    const action = old === undefined ? 'create' : now === undefined ? 'remove' : 'change';
    happened.push(`${action} ${path === '' ? root : join(root, path)}`);
  }
  return happened.sort();
}

async function backUp(policy: string, time = noon): Promise<Told<ToldBackup>> {
  const ran = await runAt(time, policy, ['backup']);
  assert.equal(ran.status, 0, ran.stdout);
  return ran;
}

async function restore(policy: string, args: readonly string[]): Promise<Told<ToldRestore>> {
  return runAt<ToldRestore>(later, policy, ['restore', 'blog', ...args]);
}

describe('restore --to', { timeout: 120_000 }, () => {
  it('brings every component back below its name', async () => {
    using scratch = new Scratch();
    const site = makeSite(scratch);
    const secret = scratch.write('etc/.env', 'KEY', 0o600);
    const policy = policyOf(
      scratch,
      { restore: { before: [['false']], after: [['false']] } },
      {
        config: { files: [secret] },
        base: { command: { argv: ['echo', 'dump'], file: 'base.sql' } },
      },
    );
    await backUp(policy);
    const { status, result } = await run<ToldRestore>(policy, ['restore', 'blog', '--to', scratch.at('out')]);
    assert.equal(status, 0);
    assert.equal(result.snapshot?.place, 'daily/blog/2026-11-22');
    assert.equal(result.safety, undefined);
    assert.deepEqual(describeTree(scratch.at('out/site')), describeTree(site));
    assert.equal(readFileSync(scratch.at('out/base/base.sql'), 'utf8'), 'dump\n');
    assert.equal(readFileSync(join(scratch.at('out/config'), secret), 'utf8'), 'KEY');

    const refused = await restore(policy, ['--to', scratch.at('out')]);
    assert.deepEqual([refused.status, refused.result.error?.code], [2, 'RESTORE_NOT_EMPTY']);
    const only = ['--component', 'base', '--date', '2026-11-22', '--to', scratch.at('base')];
    assert.equal((await restore(policy, only)).status, 0);
    assert.deepEqual(readdirSync(scratch.at('base')), ['base']);
    writeFileSync(scratch.at('out/site/edited'), 'otherwise');
    assert.equal((await restore(policy, ['--to', scratch.at('out'), '--overwrite'])).status, 0);
    assert.deepEqual(describeTree(scratch.at('out/site')), describeTree(site));
  });

  it('takes the day or the snapshot that is asked for, and says when there is none', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'one');
    const policy = policyOf(scratch);
    const id = (await backUp(policy)).result.targets[0]?.snapshot?.header.id ?? '';
    scratch.write('site/page', 'two!');
    await backUp(policy, later);
    for (const [index, [date, content]] of [
      ['latest', 'two!'],
      ['2026-11-22', 'one'],
      [id.slice(0, 8), 'one'],
    ].entries()) {
      const folder = scratch.at(`out${index}`);
      assert.equal((await restore(policy, ['--date', date ?? '', '--to', folder])).status, 0);
      assert.equal(readFileSync(join(folder, 'site/page'), 'utf8'), content);
    }
    const asOf = ['--to', scratch.at('then'), '--as-of', '2026-11-22'];
    await restore(policy, asOf);
    for (const [args, code, status] of [
      [['--date', '2026-11-01'], 'SNAPSHOT_NOT_FOUND', 1],
      [['--component', 'sitte'], 'COMPONENT_UNKNOWN', 2],
      [['--vault', 'disc'], 'VAULT_UNKNOWN', 2],
    ] as const) {
      const { result, status: ended } = await restore(policy, [...args, '--to', scratch.at('none')]);
      assert.deepEqual([result.error?.code, ended], [code, status]);
    }
    assert.equal(existsSync(scratch.at('none')), false);
  });
});

describe('restore --in-place', { timeout: 120_000 }, () => {
  for (const options of [[], ['--delete']]) {
    it(`does what its plan says${options.length === 0 ? '' : ', with --delete'}, and can be undone`, async () => {
      using scratch = new Scratch();
      const site = makeSite(scratch);
      const policy = policyOf(scratch);
      await backUp(policy);
      const asItWas = describeTree(site);
      wreck(scratch);
      const wrecked = describeTree(site);

      const args = ['--in-place', ...options];
      const plan = await runAt<ToldPlan>(later, policy, ['restore', 'blog', ...args, '--dry-run']);
      assert.equal(plan.status, 0);
      assert.deepEqual(describeTree(site), wrecked);
      assert.equal(existsSync(scratch.at('vault/safety')), false);

      const { status, result } = await restore(policy, args);
      assert.equal(status, 0);
      const restored = describeTree(site);
      const foretold = plan.result.effects.map(({ action, path }) => `${action} ${path}`).sort();
      assert.deepEqual(foretold, changes(site, wrecked, restored));
      const [counts] = plan.result.components;
      for (const action of ['create', 'change', 'remove']) {
        assert.equal(counts?.[action], foretold.filter((line) => line.startsWith(action)).length, action);
      }
      if (options.length > 0) assert.deepEqual(restored, asItWas);
      else assert.ok(existsSync(join(site, 'extras/deep/file')));

      const again = await restore(policy, args);
      assert.equal(again.result.safety, undefined);
      assert.deepEqual(describeTree(site), restored);

      const undo = ['--date', result.safety?.header.id ?? '', '--in-place', '--delete'];
      assert.equal((await restore(policy, undo)).status, 0);
      assert.deepEqual(describeTree(site), wrecked);
    });
  }

  it('of a list can be undone, of files and of folders', async () => {
    using scratch = new Scratch();
    const file = scratch.write('etc/one', '1');
    for (const name of ['users/akiko', 'users/ben']) scratch.write(`etc/${name}`, name);
    scratch.write('etc/not-listed', 'as it is');
    scratch.write('site/page', 'x');
    const policy = policyOf(scratch, {}, { config: { files: [file, scratch.at('etc/users')] } });
    await backUp(policy);
    writeFileSync(file, 'one');
    writeFileSync(scratch.at('etc/not-listed'), 'changed');
    rmSync(scratch.at('etc/users/ben'));
    const before = describeTree(scratch.at('etc'));
    const { status, result } = await restore(policy, ['--in-place', '--component', 'config']);
    assert.equal(status, 0);
    assert.equal(readFileSync(file, 'utf8'), '1');
    assert.ok(existsSync(scratch.at('etc/users/ben')));
    assert.equal(readFileSync(scratch.at('etc/not-listed'), 'utf8'), 'changed');
    const undo = ['--date', result.safety?.header.id ?? '', '--in-place', '--delete'];
    assert.equal((await restore(policy, undo)).status, 0);
    const undone = describeTree(scratch.at('etc'));
    undone.delete('');
    before.delete('');
    assert.deepEqual(undone, before);
  });

  it('goes into no vault, and into nothing that is no folder', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'x');
    const policy = policyOf(scratch);
    await backUp(policy);
    const before = describeTree(scratch.at('vault'));
    symlinkSync(scratch.at('vault/daily'), scratch.at('link'));
    for (const [to, code] of [
      [scratch.at('vault/restored/deep'), 'RESTORE_INTO_VAULT'],
      [scratch.at('vault/daily/blog/2026-11-22'), 'RESTORE_INTO_VAULT'],
      [scratch.at('link/blog/new'), 'RESTORE_INTO_VAULT'],
      [scratch.at('site/page'), 'RESTORE_NO_FOLDER'],
      [scratch.at('site/page/below'), 'RESTORE_NO_FOLDER'],
    ] as const) {
      for (const more of [[], ['--overwrite'], ['--dry-run']]) {
        const { status, result } = await restore(policy, ['--to', to, ...more]);
        assert.deepEqual([status, result.error?.code], [2, code], `${to} ${more}`);
      }
    }
    assert.deepEqual(describeTree(scratch.at('vault')), before);
    assert.equal(readFileSync(scratch.at('site/page'), 'utf8'), 'x');
  });

  it('names what was not there before: an undo leaves it', async () => {
    using scratch = new Scratch();
    const file = scratch.write('etc/one', '1');
    scratch.write('etc/users/akiko', 'akiko');
    scratch.write('site/page', 'x');
    scratch.write('other/page', 'y');
    const config = { files: [file, scratch.at('etc/users')] };
    const policy = policyOf(scratch, {}, { config, other: { files: scratch.at('other') } });
    await backUp(policy);
    writeFileSync(file, 'one');
    for (const lost of ['etc/users', 'other']) rmSync(scratch.at(lost), { recursive: true });
    const restored = await runPlain(['--policy', policy, '--lang', 'en', 'restore', 'blog', '--in-place']);
    assert.equal(restored.status, 0, restored.stderr);
    const brought = `Not there before, so that undoing leaves it: ${scratch.at('etc/users')}, ${scratch.at('other')}\n`;
    assert.ok(restored.stdout.includes(brought), restored.stdout);
    const undo = /restore blog --date (\S+) --in-place --delete --vault disk/.exec(restored.stdout)?.[1];
    assert.equal((await restore(policy, ['--date', undo ?? '', '--in-place', '--delete'])).status, 0);
    assert.equal(readFileSync(file, 'utf8'), 'one');
    assert.ok(existsSync(scratch.at('etc/users/akiko')));
    assert.ok(existsSync(scratch.at('other/page')));
  });

  it('that was cancelled does only what is missing when it is run again', async () => {
    using scratch = new Scratch();
    for (let number = 10; number < 50; number++) scratch.write(`site/${number}`, randomBytes(4 << 20));
    const policy = policyOf(scratch);
    await backUp(policy);
    const asItWas = describeTree(scratch.at('site'));
    rmSync(scratch.at('site'), { recursive: true });
    using running = new Running(withPolicy(policy, ['restore', 'blog', '--in-place']));
    while (!existsSync(scratch.at('site/10')) && running.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    running.kill('SIGINT');
    const cancelled = await running.end;
    assert.equal(cancelled.status, 130, cancelled.stderr);
    assert.equal(existsSync(scratch.at('site/49')), false);
    const plan = await runAt<ToldPlan>(later, policy, ['restore', 'blog', '--in-place', '--dry-run']);
    const { status } = await restore(policy, ['--in-place']);
    assert.equal(status, 0);
    assert.deepEqual(describeTree(scratch.at('site')), asItWas);
    assert.ok(Number(plan.result.components[0]?.leave) >= 1);
    assert.ok(plan.result.effects.every(({ path }) => path !== scratch.at('site/10')));
  });

  it('leaves the output of a command out, and says so', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'x');
    const policy = policyOf(scratch, {}, { base: { command: { argv: ['echo', 'dump'], file: 'base.sql' } } });
    await backUp(policy);
    rmSync(scratch.at('site'), { recursive: true });
    const { status, result } = await restore(policy, ['--in-place']);
    assert.deepEqual([status, result.outcome], [3, 'partial']);
    assert.deepEqual(
      result.leftOut.map(({ component, error }) => [component, error.code]),
      [['base', 'SOURCE_NOT_IN_PLACE']],
    );
    assert.equal(readFileSync(scratch.at('site/page'), 'utf8'), 'x');
    const named = await restore(policy, ['--in-place', '--component', 'base']);
    assert.deepEqual([named.status, named.result.error?.code], [2, 'SOURCE_NOT_IN_PLACE']);
  });

  it('runs its hooks around the change, and not for a plan', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'x');
    const look = (word: string) => [
      'sh',
      '-c',
      `echo ${word} $(cat ${scratch.at('site/page')}) >>${scratch.at('diary')}`,
    ];
    const restoring = { before: [look('stop')], after: [['false'], look('start')] };
    const policy = policyOf(scratch, { restore: restoring });
    await backUp(policy);
    writeFileSync(scratch.at('site/page'), 'broken');
    await restore(policy, ['--in-place', '--dry-run']);
    assert.equal(existsSync(scratch.at('diary')), false);
    const { status, result } = await restore(policy, ['--in-place']);
    assert.equal(readFileSync(scratch.at('diary'), 'utf8'), 'stop broken\nstart x\n');
    assert.deepEqual([status, result.error?.code], [1, 'HOOK_FAILED']);
    assert.notEqual(result.safety, undefined);

    const stuck = policyOf(scratch, { restore: { before: [['false']], after: [look('start')] } });
    writeFileSync(scratch.at('site/page'), 'broken');
    assert.equal((await restore(stuck, ['--in-place'])).result.error?.code, 'HOOK_FAILED');
    assert.equal(readFileSync(scratch.at('site/page'), 'utf8'), 'broken');
    assert.match(readFileSync(scratch.at('diary'), 'utf8'), /start broken\n$/);
  });

  it('changes nothing when what is there can not be kept', {
    skip: !isRoot && 'only root may mount',
  }, async () => {
    using scratch = new Scratch();
    mkdirSync(scratch.at('vault'), { mode: 0o700 });
    const mount = ['-t', 'tmpfs', '-o', 'size=12m,mode=700', 'none', scratch.at('vault')];
    assert.equal(spawnSync('mount', mount).status, 0);
    try {
      scratch.write('site/big', randomBytes(3 << 20));
      scratch.write('site/small', 'small');
      const policy = policyOf(scratch);
      await backUp(policy);
      scratch.write('site/big', randomBytes(4 << 20));
      scratch.write('site/small', 'other');
      writeFileSync(scratch.at('vault/.hikae/filler'), randomBytes(6 << 20));
      const before = describeTree(scratch.at('site'));
      const refused = await restore(policy, ['--in-place']);
      assert.deepEqual([refused.status, refused.result.error?.code], [1, 'RESTORE_NO_SAFETY']);
      assert.deepEqual(describeTree(scratch.at('site')), before);
      const left = readdirSync(scratch.at('vault/safety/blog'));
      assert.deepEqual(left, []);
      const { status, stdout } = await restore(policy, ['--in-place', '--no-safety']);
      assert.equal(status, 0, stdout);
      assert.equal(readFileSync(scratch.at('site/small'), 'utf8'), 'small');
    } finally {
      spawnSync('umount', [scratch.at('vault')]);
    }
  });
});

describe('restore from a damaged vault', { timeout: 120_000 }, () => {
  it('names each file that is damaged, and brings the others back', async () => {
    using scratch = new Scratch();
    scratch.write('site/good', 'good');
    scratch.write('site/rotten', 'before');
    const policy = policyOf(scratch);
    await backUp(policy);
    rot(scratch.at('vault/daily/blog/2026-11-22/site/rotten'), 2);
    const { status, result, events } = await restore(policy, ['--to', scratch.at('out')]);
    assert.deepEqual([status, result.outcome, result.components[0]?.problems], [3, 'partial', 1]);
    assert.ok(events.some((event) => event.type === 'trouble' && event.trouble.path.endsWith('rotten')));
    assert.deepEqual(readdirSync(scratch.at('out/site')), ['good']);
  });

  it('takes the next vault when a manifest is damaged, and says so', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'x');
    const policy = scratch.policy({
      targets: { blog: { components: { site: { files: scratch.at('site') } } } },
      vaults: { disk: { plain: scratch.at('vault') }, second: { plain: scratch.at('second') } },
      schedules: { daily: { at: '02:00', to: 'disk' }, weekly: { at: 'Sun 04:00', to: 'second' } },
    });
    await backUp(policy);
    assert.equal((await runAt(noon, policy, ['backup', '--schedule', 'weekly'])).status, 0);
    const manifest = scratch.at('vault/daily/blog/2026-11-22/.hikae/manifest');
    rot(manifest, readFileSync(manifest).length - 120);
    const { status, result, events } = await restore(policy, ['--to', scratch.at('out')]);
    assert.deepEqual([status, result.vault], [0, 'second']);
    assert.ok(events.some((event) => event.type === 'warning' && event.code === 'next-vault'));
    assert.equal(readFileSync(scratch.at('out/site/page'), 'utf8'), 'x');
    const only = await restore(policy, ['--vault', 'disk', '--to', scratch.at('none')]);
    assert.deepEqual([only.status, only.result.error?.code], [1, 'SNAPSHOT_DAMAGED']);
  });

  it('does not pass over a newer snapshot that can not be read without a word', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'x');
    const policy = policyOf(scratch);
    await backUp(policy);
    await backUp(policy, later);
    rot(scratch.at('vault/daily/blog/2026-11-23/.hikae/manifest'), 0);
    const { status, result, events } = await restore(policy, ['--to', scratch.at('out')]);
    assert.deepEqual([status, result.snapshot?.place], [0, 'daily/blog/2026-11-22']);
    const warning = events.find((event) => event.type === 'warning' && event.code === 'snapshot-unreadable');
    assert.equal(warning?.type === 'warning' && warning.facts.place, 'daily/blog/2026-11-23');
  });
});

/** Changes one byte and nothing that is seen from outside. */
function rot(file: string, offset: number): void {
  const content = readFileSync(file);
  content[offset] = (content[offset] ?? 0) ^ 1;
  const stat = spawnSync('stat', ['--format=%y', file], { encoding: 'utf8' });
  writeFileSync(file, content);
  spawnSync('touch', ['--no-create', '--date', stat.stdout.trim(), file]);
}
