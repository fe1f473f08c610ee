/** Days and weeks as a policy sees them go by: weekly snapshots, retention, and clocks that are wrong. */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runAt, runPlain, Scratch, type ToldBackup, type ToldError } from './command.ts';

function mailPolicy(scratch: Scratch, keep: object = {}): string {
  if (!existsSync(scratch.at('mail'))) scratch.write('mail/1', 'message');
  return scratch.policy({
    targets: { mail: { components: { vmail: { files: scratch.at('mail') } } } },
    vaults: { disk: { plain: scratch.at('vault'), keep } },
    schedules: { daily: { at: '02:00', to: 'disk' }, weekly: { at: 'Sun 04:00', to: 'disk' } },
  });
}

async function daily(policy: string, day: string): Promise<ToldBackup> {
  const { status, result, stdout } = await runAt(`${day}T02:00:00+09:00`, policy, ['backup']);
  assert.equal(status, 0, `${day}: ${stdout}`);
  return result;
}

async function weekly(policy: string, day: string): Promise<ToldBackup> {
  const args = ['backup', '--schedule', 'weekly'];
  const { status, result, stdout } = await runAt(`${day}T04:00:00+09:00`, policy, args);
  assert.equal(status, 0, `${day}: ${stdout}`);
  return result;
}

function kept(scratch: Scratch, schedule: 'daily' | 'weekly'): string[] {
  const folder = scratch.at('vault', schedule, 'mail');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'latest') : [];
}

interface ToldForget {
  readonly ends: readonly {
    readonly vault: string;
    readonly error?: ToldError;
    readonly result?: { readonly removed: readonly { readonly place: string }[] };
  }[];
}

type ToldForgetPlan = readonly {
  readonly vault: string;
  readonly removes: readonly { readonly place: string }[];
  readonly error?: ToldError;
  readonly marked: readonly {
    readonly snapshot: { readonly place: string };
    readonly mark: string;
    readonly reason: { readonly code: string };
  }[];
}[];

describe('the weekly snapshot', { timeout: 120_000 }, () => {
  it("is that day's daily once more, with the same data", async () => {
    using scratch = new Scratch();
    const policy = mailPolicy(scratch);
    const [first] = (await daily(policy, '2026-11-22')).targets;
    scratch.write('mail/2', 'too late for the daily');
    const [second] = (await weekly(policy, '2026-11-22')).targets;
    assert.equal(second?.snapshot?.place, 'weekly/mail/2026-W47');
    assert.equal(second?.snapshot?.header.id, first?.snapshot?.header.id);
    assert.equal(second?.from?.place, 'daily/mail/2026-11-22');
    const inode = (place: string) => lstatSync(scratch.at('vault', place, 'vmail/1')).ino;
    assert.equal(inode('weekly/mail/latest'), inode('daily/mail/2026-11-22'));
    assert.deepEqual(readdirSync(scratch.at('vault/weekly/mail/latest/vmail')), ['1']);
  });

  it('is captured by itself when there is no daily of that day', async () => {
    using scratch = new Scratch();
    const policy = mailPolicy(scratch);
    await daily(policy, '2026-11-21');
    scratch.write('mail/2', 'of Sunday');
    const [told] = (await weekly(policy, '2026-11-22')).targets;
    assert.equal(told?.from, undefined);
    assert.deepEqual(readdirSync(scratch.at('vault/weekly/mail/2026-W47/vmail')), ['1', '2']);
  });
});

describe('retention', { timeout: 120_000 }, () => {
  it('keeps three days and four weeks, and what is protected', async () => {
    using scratch = new Scratch();
    const policy = mailPolicy(scratch);
    for (const sunday of ['2026-10-18', '2026-10-25', '2026-11-01', '2026-11-08', '2026-11-15']) {
      await daily(policy, sunday);
      await weekly(policy, sunday);
    }
    const until = ['protect', 'mail/2026-11-17', '--until', '2027-03-31'];
    for (let day = 16; day <= 25; day++) {
      scratch.write(`mail/${day}`, `of the ${day}th`);
      await daily(policy, `2026-11-${day}`);
      if (day === 22) await weekly(policy, '2026-11-22');
      if (day === 17) assert.equal((await runAt('2026-11-17T12:00:00+09:00', policy, until)).status, 0);
    }
    assert.deepEqual(kept(scratch, 'daily'), ['2026-11-17', '2026-11-23', '2026-11-24', '2026-11-25']);
    assert.deepEqual(kept(scratch, 'weekly'), ['2026-W44', '2026-W45', '2026-W46', '2026-W47']);
    assert.equal(readlinkSync(scratch.at('vault/daily/mail/latest')), '2026-11-25');

    const plan = await runAt<ToldForgetPlan>('2026-11-25T12:00:00+09:00', policy, ['forget', '--dry-run']);
    const marks = plan.result[0]?.marked.map(({ snapshot, mark }) => `${snapshot.place.slice(-10)} ${mark}`);
    assert.ok(marks?.includes('2026-11-17 protected'), String(marks));
    assert.ok(marks?.every((mark) => !mark.endsWith('remove')));
  });

  it('does not let three runs of one day push out three good days', async () => {
    using scratch = new Scratch();
    const policy = mailPolicy(scratch);
    for (const day of ['2026-11-20', '2026-11-21', '2026-11-22']) await daily(policy, day);
    for (const time of ['09:00', '12:00', '15:30']) {
      assert.equal((await runAt(`2026-11-22T${time}:00+09:00`, policy, ['backup'])).status, 0);
    }
    const ofToday = ['2026-11-22', '2026-11-22T090000', '2026-11-22T120000', '2026-11-22T153000'];
    assert.deepEqual(kept(scratch, 'daily'), ['2026-11-20', '2026-11-21', ...ofToday]);
    await daily(policy, '2026-11-23');
    assert.deepEqual(kept(scratch, 'daily'), ['2026-11-21', '2026-11-22T153000', '2026-11-23']);
  });

  it('removes no more than the limit allows when the record is lost, until a person agrees', async () => {
    using scratch = new Scratch();
    const policy = mailPolicy(scratch, { daily: 4 });
    for (let day = 19; day <= 22; day++) await daily(policy, `2026-11-${day}`);
    rmSync(scratch.at('state'), { recursive: true });
    mailPolicy(scratch, { daily: 3 });
    const noon = '2026-11-22T12:00:00+09:00';
    assert.equal((await runAt(noon, policy, ['forget'])).status, 0);
    assert.equal(kept(scratch, 'daily').length, 3);

    rmSync(scratch.at('state'), { recursive: true });
    mailPolicy(scratch, { daily: 1 });
    const before = kept(scratch, 'daily');
    const refused = await runAt<ToldForget>(noon, policy, ['forget']);
    assert.deepEqual([refused.status, refused.result.ends[0]?.error?.code], [1, 'FORGET_LIMIT']);
    assert.deepEqual(kept(scratch, 'daily'), before);

    const ran = await runAt('2026-11-23T02:00:00+09:00', policy, ['backup']);
    assert.equal(ran.status, 3);
    assert.deepEqual([ran.result.outcome, ran.result.targets[0]?.error?.code], ['partial', 'FORGET_LIMIT']);
    assert.deepEqual(kept(scratch, 'daily'), [...before, '2026-11-23']);

    const agreed = await runAt<ToldForget>('2026-11-23T03:00:00+09:00', policy, ['forget', '--yes']);
    assert.equal(agreed.status, 0);
    assert.equal(agreed.result.ends[0]?.result?.removed.length, 3);
    assert.deepEqual(kept(scratch, 'daily'), ['2026-11-23']);
  });

  it('plans in a dry run what the run then does, its limit and a missing vault included', async () => {
    using scratch = new Scratch();
    const keeping = (daily: number) => {
      scratch.write('mail/1', 'message');
      const keep = { daily, weekly: 4 };
      const vaults = {
        disk: { plain: scratch.at('vault'), keep },
        second: { plain: scratch.at('second'), keep },
      };
      return scratch.policy({
        targets: { mail: { components: { vmail: { files: scratch.at('mail') } } } },
        vaults,
        schedules: { daily: { at: '02:00', to: 'disk' } },
      });
    };
    const policy = keeping(10);
    for (let day = 10; day <= 19; day++) await daily(policy, `2026-11-${day}`);
    const said = async (...more: readonly string[]) => {
      const noon = '2026-11-19T12:00:00+09:00';
      const planned = await runAt<ToldForgetPlan>(noon, policy, ['forget', '--dry-run', ...more]);
      const before = kept(scratch, 'daily');
      const done = await runAt<ToldForget>(noon, policy, ['forget', ...more]);
      const plan = planned.result.map(({ vault, removes, error }) => [
        vault,
        removes.map(({ place }) => place),
        error?.code,
      ]);
      const effect = done.result.ends.map(({ vault, result, error }) => [
        vault,
        result?.removed.map(({ place }) => place) ?? [],
        error?.code,
      ]);
      assert.deepEqual([planned.status, plan], [done.status, effect]);
      const gone = before.filter((name) => !kept(scratch, 'daily').includes(name));
      assert.deepEqual(
        gone,
        plan.flatMap(([, places]) => (places as string[]).map((place) => place.slice(-10))),
      );
      return { status: done.status, gone: gone.length, codes: effect.map(([, , code]) => code) };
    };
    const only = ['--vault', 'disk'];
    assert.deepEqual(await said(...only), { status: 0, gone: 0, codes: [undefined] });
    keeping(7);
    assert.deepEqual(await said(), { status: 10, gone: 3, codes: [undefined, 'VAULT_NOT_FOUND'] });
    rmSync(scratch.at('state'), { recursive: true });
    keeping(4);
    assert.deepEqual(await said(), { status: 10, gone: 0, codes: ['FORGET_LIMIT', 'VAULT_NOT_FOUND'] });
    assert.deepEqual(await said(...only), { status: 1, gone: 0, codes: ['FORGET_LIMIT'] });
    const text = await runPlain(['--policy', policy, '--lang', 'en', 'forget', '--dry-run', ...only]);
    assert.match(
      text.stdout,
      /3 snapshots of mail in disk would be removed, and without consent it may be 1/,
    );
    assert.deepEqual(await said('--yes', ...only), { status: 0, gone: 3, codes: [undefined] });
  });

  it('lets neither a clock that was set back nor snapshots from the future push anything out', async () => {
    using scratch = new Scratch();
    const policy = mailPolicy(scratch);
    for (const day of ['2026-11-20', '2026-11-21', '2026-11-22']) await daily(policy, day);
    await daily(policy, '2026-11-01');
    const four = ['2026-11-01', '2026-11-20', '2026-11-21', '2026-11-22'];
    assert.deepEqual(kept(scratch, 'daily'), four);
    assert.equal(readlinkSync(scratch.at('vault/daily/mail/latest')), '2026-11-01');
    await daily(policy, '2026-11-02');
    await daily(policy, '2026-11-03');
    await daily(policy, '2026-11-04');
    // Among those whose time has come three are counted; those of the future stand beside them.
    assert.deepEqual(kept(scratch, 'daily'), ['2026-11-02', '2026-11-03', '2026-11-04', ...four.slice(1)]);
    const plan = await runAt<ToldForgetPlan>('2026-11-04T12:00:00+09:00', policy, ['forget', '--dry-run']);
    assert.deepEqual(
      plan.result[0]?.marked.slice(3).map(({ reason }) => reason.code),
      ['future', 'future', 'future'],
    );
  });
});
