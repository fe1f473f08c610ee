/** The day when little is left: no policy, no ledger, another user, another language. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeTree } from '../doubles/live-tree.ts';
import {
  eventsOf,
  isRoot,
  NOBODY,
  run,
  runAt,
  runPlain,
  Scratch,
  type ToldRestore,
  told,
} from './command.ts';

const noon = '2026-11-22T12:00:00+09:00';
const nobody = { skip: !isRoot && 'only root may become somebody else' };

function policyOf(scratch: Scratch, more: object = {}): string {
  return scratch.policy({
    targets: { blog: { components: { site: { files: scratch.at('site') } } } },
    vaults: { disk: { plain: scratch.at('vault') } },
    schedules: { daily: { at: '02:00', to: 'disk' } },
    ...more,
  });
}

async function backUp(policy: string, time = noon): Promise<void> {
  const { status, stdout } = await runAt(time, policy, ['backup']);
  assert.equal(status, 0, stdout);
}

describe('without a policy', { timeout: 120_000, skip: existsSync('/etc/hikae/policy.yaml') }, () => {
  it("restores from the vault's path alone, into a folder and in place", async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'text');
    await backUp(policyOf(scratch));
    for (const name of ['policy.yaml', 'state']) rmSync(scratch.at(name), { recursive: true });
    const asItWas = describeTree(scratch.at('site'));
    const from = ['restore', 'blog', '--vault', scratch.at('vault')];
    const spoken = await runPlain([...from, '--to', scratch.at('out')], {
      environment: { LANG: 'ja_JP.UTF-8' },
    });
    assert.equal(spoken.status, 0, spoken.stderr);
    assert.match(spoken.stdout, /daily\/blog\/2026-11-22（.* 取得）/);
    assert.deepEqual(describeTree(scratch.at('out/site')), asItWas);

    writeFileSync(scratch.at('site/page'), 'broken');
    const broken = describeTree(scratch.at('site'));
    const back = told<ToldRestore>(await runPlain(['--json', ...from, '--in-place']));
    assert.equal(back.status, 0);
    assert.deepEqual(describeTree(scratch.at('site')), asItWas);
    const undo = ['--date', back.result.safety?.header.id ?? '', '--in-place', '--delete'];
    assert.equal((await runPlain([...from, ...undo])).status, 0);
    assert.deepEqual(describeTree(scratch.at('site')), broken);

    const { status, stderr } = await runPlain(['restore', 'blog', '--to', scratch.at('none')]);
    assert.equal(status, 2);
    assert.match(stderr, /POLICY_MISSING/);
    const nowhere = ['restore', 'blog', '--vault', scratch.at('site'), '--to', scratch.at('none')];
    assert.equal((await runPlain(nowhere)).status, 10);
  });

  it('restores as a user, who can give nothing to others', nobody, async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'text', 0o640);
    chownSync(scratch.at('site/page'), 33, 33);
    await backUp(policyOf(scratch));
    cpSync(scratch.at('vault'), scratch.at('copy'), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    giveToNobody(scratch.at('copy'));
    mkdirSync(scratch.at('home'));
    chownSync(scratch.at('home'), NOBODY, NOBODY);
    const args = ['--json', 'restore', 'blog', '--vault', scratch.at('copy'), '--to', scratch.at('home/out')];
    const { status, events } = told<ToldRestore>(await runPlain(args, { uid: NOBODY }));
    assert.equal(status, 0);
    assert.ok(eventsOf({ events }, 'trouble').some(({ trouble }) => trouble.code === 'owner-unset'));
    const page = lstatSync(scratch.at('home/out/site/page'));
    assert.deepEqual([page.uid, page.mode & 0o777], [NOBODY, 0o640]);
    assert.equal(readFileSync(scratch.at('home/out/site/page'), 'utf8'), 'text');

    const closed = told(
      await runPlain(
        ['--json', 'restore', 'blog', '--vault', scratch.at('vault'), '--to', scratch.at('home/none')],
        { uid: NOBODY },
      ),
    );
    assert.deepEqual([closed.status, closed.result.error?.code], [10, 'VAULT_OUT_OF_REACH']);
  });

  it('overwrites nothing that it could not keep', nobody, async () => {
    using scratch = new Scratch();
    mkdirSync(scratch.at('own'));
    scratch.write('own/site/page', 'text');
    const policy = policyOf(scratch, {
      state: scratch.at('own/state'),
      targets: { blog: { components: { site: { files: scratch.at('own/site') } } } },
      vaults: { disk: { plain: scratch.at('own/vault') } },
    });
    giveToNobody(scratch.at('own'), policy);
    assert.equal((await run(policy, ['backup'], { uid: NOBODY })).status, 0);
    rmSync(scratch.at('own/site/page'));
    scratch.write('own/site/page', "root's own", 0o600);
    const { status, result } = await run<ToldRestore>(policy, ['restore', 'blog', '--in-place'], {
      uid: NOBODY,
    });
    assert.equal(readFileSync(scratch.at('own/site/page'), 'utf8'), "root's own");
    assert.deepEqual([status, result.error?.code], [1, 'RESTORE_NO_SAFETY']);
  });
});

function giveToNobody(...paths: readonly string[]): void {
  assert.equal(spawnSync('chown', ['-R', '-h', `${NOBODY}:${NOBODY}`, ...paths]).status, 0);
}

describe('without its ledger', { timeout: 120_000 }, () => {
  it('backs up and restores, and keeps what it kept', async () => {
    using scratch = new Scratch();
    scratch.write('site/page', 'text');
    const policy = policyOf(scratch);
    for (const day of [18, 19, 20]) await backUp(policy, `2026-11-${day}T02:00:00+09:00`);
    const file = join(
      scratch.at('state'),
      readdirSync(scratch.at('state')).find((name) => /\.(db|sqlite)/.test(name)) ?? '',
    );
    const lose: (() => void)[] = [
      () => rmSync(scratch.at('state'), { recursive: true }),
      () => writeFileSync(file, 'garbage '.repeat(5_000)),
      () => {
        rmSync(scratch.at('state'), { recursive: true });
        scratch.write('state', 'a file where the folder should be');
      },
    ];
    for (const [index, loseIt] of lose.entries()) {
      loseIt();
      const today = `2026-11-${21 + index}`;
      const ran = await runAt(`${today}T02:00:00+09:00`, policy, ['backup']);
      assert.equal(ran.status, 0, ran.stdout);
      const codes = eventsOf(ran, 'warning').map(({ code }) => code);
      if (index === 1) assert.ok(codes.includes('ledger-set-aside'), codes.join());
      if (index === 2) assert.ok(codes.includes('ledger-trouble'), codes.join());
      const days = [19 + index, 20 + index].map((day) => `2026-11-${day}`);
      const kept = readdirSync(scratch.at('vault/daily/blog')).filter((name) => name !== 'latest');
      assert.deepEqual(kept, [...days, today]);
      const out = scratch.at(`out${index}`);
      const restored = await runAt(`${today}T03:00:00+09:00`, policy, ['restore', 'blog', '--to', out]);
      assert.equal(restored.status, 0, restored.stdout);
      assert.equal(readFileSync(join(out, 'site/page'), 'utf8'), 'text');
    }
  });
});
