/** Copies by the command: as a part of a backup, on their own, and held against what they were made from. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { resticBackup } from '../vault/restic-command.ts';
import { PASSWORD } from '../vault/restic-taking.ts';
import { eventsOf, run, runAt, runPlain, Scratch, type ToldError } from './command.ts';

interface ToldCopy {
  readonly outcome: string;
  readonly ends: readonly ToldEnd[];
}

interface ToldEnd {
  readonly target: string;
  readonly from: string;
  readonly vault: string;
  readonly outcome: string;
  readonly copied: readonly {
    readonly snapshot: SnapshotEntry;
    readonly bytes: number;
    readonly newBytes: number;
  }[];
  readonly missing: readonly string[];
  readonly error?: ToldError;
}

interface ToldBackup {
  readonly outcome: string;
  readonly targets: readonly {
    readonly outcome: string;
    readonly snapshot?: SnapshotEntry;
    readonly copies: readonly (ToldEnd & {
      readonly forget?: { readonly removed: readonly SnapshotEntry[] };
    })[];
    readonly error?: ToldError;
  }[];
}

interface ToldVerify {
  readonly outcome: string;
  readonly ends: readonly {
    readonly vault: string;
    readonly comparedWith?: string;
    readonly findings: readonly { readonly kind: string; readonly path: string; readonly reason: string }[];
  }[];
}

function policyOf(scratch: Scratch, copyTo: readonly string[] = ['second', 'safe']): string {
  scratch.write('site/page', 'text');
  scratch.write('site/large', 'large '.repeat(300_000));
  scratch.write('password', `${PASSWORD}\n`, 0o600);
  const components = {
    site: { files: scratch.at('site') },
    dump: { command: { argv: ['seq', '1000'], file: 'numbers' } },
  };
  return scratch.policy({
    targets: { blog: { components, retry: { times: 0 } } },
    vaults: {
      disk: { plain: scratch.at('disk/vault'), keep: { daily: 2, weekly: 2 } },
      second: { plain: scratch.at('second'), keep: { daily: 3, weekly: 2 } },
      safe: {
        restic: scratch.at('repository'),
        password: { file: scratch.at('password') },
        keep: { daily: 1, weekly: 1 },
      },
    },
    schedules: {
      daily: { at: '02:00', to: 'disk', copyTo },
      weekly: { at: 'Sun 04:00', to: 'disk', copyTo },
    },
  });
}

const day = (at: number) => `2026-11-${at}T02:00:00+09:00`;

async function idsIn(policy: string, vault: string): Promise<readonly string[]> {
  const { result } = await runAt<{
    readonly vaults: readonly { readonly snapshots?: readonly SnapshotEntry[] }[];
  }>(day(25), policy, ['snapshots', '--vault', vault]);
  return result.vaults.flatMap(({ snapshots = [] }) =>
    snapshots.map(({ header }) => `${header.schedule} ${header.id}`),
  );
}

describe('copyTo', { timeout: 240_000 }, () => {
  it('copies each snapshot, then what an earlier run could not, and forgets by the rules of each vault', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    const first = await runAt<ToldBackup>(day(21), policy, ['backup']);
    assert.deepEqual([first.status, first.result.outcome], [0, 'succeeded']);
    assert.deepEqual(
      first.result.targets[0]?.copies.map(({ vault, outcome, copied }) => [vault, outcome, copied.length]),
      [
        ['second', 'succeeded', 1],
        ['safe', 'succeeded', 1],
      ],
    );
    // The repository is out of reach for a night: the run has failed, and everything else is done.
    renameSync(scratch.at('repository'), scratch.at('elsewhere'));
    scratch.write('site/page', 'second text');
    const failed = await runAt<ToldBackup>(day(22), policy, ['backup']);
    assert.equal(failed.status, 1);
    const [target] = failed.result.targets;
    assert.deepEqual([target?.outcome, target?.snapshot?.complete], ['failed', true]);
    assert.deepEqual(
      target?.copies.map(({ vault, outcome }) => [vault, outcome]),
      [
        ['second', 'succeeded'],
        ['safe', 'failed'],
      ],
    );
    assert.equal(target?.error?.code, 'VAULT_GONE');
    renameSync(scratch.at('elsewhere'), scratch.at('repository'));
    scratch.write('site/page', 'third text');
    const weekly = await runAt<ToldBackup>(day(22).replace('T02', 'T04'), policy, [
      'backup',
      '--schedule',
      'weekly',
    ]);
    assert.equal(weekly.status, 0);
    const copied = weekly.result.targets[0]?.copies.flatMap((copy) => copy.copied);
    // The weekly is that day's daily once more: where the daily is, nothing is sent.
    assert.deepEqual(
      copied?.map(({ snapshot, newBytes }) => [snapshot.header.schedule, newBytes > 0]),
      [
        ['weekly', false],
        ['daily', true],
        ['weekly', false],
      ],
    );
    const [disk, second, safe] = [
      await idsIn(policy, 'disk'),
      await idsIn(policy, 'second'),
      await idsIn(policy, 'safe'),
    ];
    assert.deepEqual(second, disk);
    // One day and one week are kept there.
    assert.deepEqual(safe, disk.slice(1));
    const log = await runAt<
      readonly { readonly results: readonly { readonly verb: string; readonly vault: string }[] }[]
    >(day(23), policy, ['log']);
    assert.deepEqual(
      log.result[0]?.results.map(({ verb, vault }) => [verb, vault]),
      [
        ['backup', 'disk'],
        ['copy', 'second'],
        ['copy', 'safe'],
      ],
    );
    const compared = await run<ToldVerify>(policy, ['verify', '--vault', 'disk', '--compare', 'safe']);
    assert.deepEqual([compared.status, compared.result.ends[0]?.findings], [0, []]);
    // What restic has taken is of no target: it stays, and that is told to whoever wants all of them.
    resticBackup(scratch.at('repository'), [scratch.at('site')]);
    const back = ['--policy', policy, '--lang', 'en', 'copy', '--from', 'safe', '--to', 'second'];
    assert.match((await runPlain(back)).stdout, /^not copied: .* safe \(1 snapshots\)/m);
    assert.doesNotMatch((await runPlain([...back, 'blog'])).stdout, /not copied/);
  });
});

describe('hikae copy', { timeout: 240_000 }, () => {
  it('plans what it does, does it, records it, and has nothing left to do', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, []);
    for (const at of [21, 22]) {
      scratch.write('site/page', `text of day ${at}`);
      await runAt(day(at), policy, ['backup']);
    }
    const args = ['copy', 'blog', '--from', 'disk', '--to', 'safe', '--to', 'second'];
    const planned = await runAt<
      readonly {
        readonly vault: string;
        readonly creates: boolean;
        readonly snapshots: readonly { readonly snapshot: SnapshotEntry; readonly newBytes: number }[];
      }[]
    >(day(22), policy, [...args, '--dry-run']);
    assert.equal(planned.status, 0);
    assert.equal(existsSync(scratch.at('second')), false);
    const done = await runAt<ToldCopy>(day(22), policy, args);
    assert.deepEqual([done.status, done.result.outcome], [0, 'succeeded']);
    const idsOf = (entries: readonly { readonly snapshot: SnapshotEntry }[]) =>
      entries.map(({ snapshot }) => snapshot.header.id);
    assert.deepEqual(
      done.result.ends.map(({ vault, copied }) => [vault, idsOf(copied)]),
      planned.result.map(({ vault, snapshots }) => [vault, idsOf(snapshots)]),
    );
    assert.deepEqual(
      planned.result.map(({ creates, snapshots }) => [creates, snapshots.length]),
      [
        [true, 1],
        [true, 2],
      ],
    );
    const [, [newest, older] = []] = planned.result.map(({ snapshots }) => snapshots);
    assert.ok((newest?.newBytes ?? 0) > 1_800_000, 'all of the first');
    assert.equal(older?.newBytes, 'text of day 21'.length, 'what differs of the other');
    const again = await runAt<ToldCopy>(day(22), policy, args);
    assert.deepEqual(
      again.result.ends.map(({ copied }) => copied.length),
      [0, 0],
    );
    const [, last] = (
      await runAt<
        readonly {
          readonly verb: string;
          readonly outcome: string;
          readonly bytes: number;
          readonly newBytes: number;
        }[]
      >(day(23), policy, ['log'])
    ).result;
    assert.deepEqual([last?.verb, last?.outcome], ['copy', 'succeeded']);
    assert.ok((last?.bytes ?? 0) > 3 * 1_800_000 && (last?.newBytes ?? 0) > 1_800_000);
    const dated = await runAt<ToldCopy>(day(22), policy, [
      'copy',
      '--from',
      'disk',
      '--to',
      'safe',
      '--date',
      '2026-11-21',
    ]);
    assert.deepEqual(
      dated.result.ends[0]?.copied.map(({ snapshot }) => snapshot.header.time),
      [Date.parse(day(21))],
    );
  });

  it('names what is wrong with the request', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, []);
    await runAt(day(22), policy, ['backup']);
    for (const [args, status, code] of [
      [['copy', '--to', 'safe'], 2, 'CLI_OPTION_MISSING'],
      [['copy', '--from', 'disk'], 2, 'CLI_OPTION_MISSING'],
      [['copy', 'nobody', '--from', 'disk', '--to', 'safe'], 2, 'TARGET_UNKNOWN'],
    ] as const) {
      const { status: ended, result } = await runAt<ToldCopy>(day(22), policy, args);
      assert.deepEqual([ended, result.error?.code], [status, code], args.join(' '));
    }
    for (const [to, status, code] of [
      ['nowhere', 2, 'VAULT_UNKNOWN'],
      ['disk', 2, 'COPY_TO_ITSELF'],
      [scratch.at('disk/vault'), 2, 'COPY_TO_ITSELF'],
    ] as const) {
      const { status: ended, result } = await runAt<ToldCopy>(day(22), policy, [
        'copy',
        '--from',
        'disk',
        '--to',
        to,
      ]);
      assert.deepEqual([ended, result.ends[0]?.error?.code], [status, code], to);
    }
  });

  it('takes damaged content from another vault that has it, and else fails naming it', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, ['second']);
    const { result } = await runAt<ToldBackup>(day(22), policy, ['backup']);
    const place = result.targets[0]?.snapshot?.place ?? '';
    const spoil = (vault: string) => writeFileSync(scratch.at(vault, place, 'site/page'), 'toxt');
    spoil('disk/vault');
    const args = ['copy', '--from', 'disk', '--to', 'safe'];
    const copied = await runAt<ToldCopy>(day(22), policy, args);
    assert.deepEqual([copied.status, copied.result.ends[0]?.copied.length], [0, 1]);
    const [warning] = eventsOf(copied, 'warning').filter(({ code }) => code === 'copy-from-another');
    assert.equal(warning?.facts.vault, 'second');
    const sound = await runPlain(['--policy', policy, 'dump', 'blog', '/site/page', '--vault', 'safe']);
    assert.equal(sound.stdout, 'text');
    rmSync(scratch.at('repository'), { recursive: true });
    await run(policy, ['vault', 'create', 'safe']);
    spoil('second');
    const failed = await runAt<ToldCopy>(day(22), policy, args);
    assert.equal(failed.status, 1);
    const [end] = failed.result.ends;
    assert.deepEqual([end?.missing, end?.error?.code], [[place], 'COPY_INCOMPLETE']);
    assert.match(end?.error?.message ?? '', /in disk is damaged \(site\/page\)/);
    assert.deepEqual(await idsIn(policy, 'safe'), []);
  });
});

describe('verify --compare', { timeout: 240_000 }, () => {
  it('names every difference between two vaults, and ends with 21', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, ['second', 'safe']);
    const { result } = await runAt<ToldBackup>(day(22), policy, ['backup']);
    const place = result.targets[0]?.snapshot?.place ?? '';
    const same = await run<ToldVerify>(policy, ['verify', '--vault', 'disk', '--compare', 'second']);
    assert.deepEqual([same.status, same.result.ends.length], [0, 1]);
    // Somebody who knows the format changes a mode, an owner and a hash in one copy.
    const manifest = scratch.at('second', place, '.hikae/manifest');
    plant(manifest);
    const structure = ['verify', 'blog', '--vault', 'disk', '--compare', 'second', '--level', 'structure'];
    const differing = await run<ToldVerify>(policy, structure);
    assert.equal(differing.status, 21);
    assert.deepEqual(
      differing.result.ends[0]?.findings.map(({ kind, path }) => [kind, path]),
      [['attribute', 'site/page']],
    );
    assert.match(differing.result.ends[0]?.findings[0]?.reason ?? '', /^mode: 0644 in disk, 0666 in second$/);
    // Content that has changed on one disk shows as well, because both are read back.
    writeFileSync(scratch.at('disk/vault', place, 'site/page'), 'toxt');
    const damaged = await run<ToldVerify>(policy, ['verify', '--vault', 'disk', '--compare', 'safe']);
    assert.equal(damaged.status, 21);
    assert.ok(damaged.result.ends[0]?.findings.some(({ path }) => path === 'site/page'));
    // The newest has to be in both.
    await runAt(day(23), policyOf(scratch, []), ['backup']);
    const absent = await run<ToldVerify>(policyOf(scratch), [
      'verify',
      '--vault',
      'disk',
      '--compare',
      'safe',
      '--level',
      'structure',
    ]);
    assert.equal(absent.status, 21);
    assert.deepEqual(
      absent.result.ends[0]?.findings.map(({ kind }) => kind),
      ['missing'],
    );
    const unfit = await run<ToldVerify>(policy, ['verify', '--compare', 'safe', '--level', 'sample']);
    assert.equal(unfit.status, 2);
  });
});

/** Changes the mode of `site/page` in a manifest, and the hash at its end with it. */
function plant(manifest: string): void {
  const lines = readFileSync(manifest, 'latin1').trimEnd().split('\n');
  const changed = lines
    .slice(0, -1)
    .map((line) =>
      line.startsWith('{"path":"site/page"') ? line.replace('"mode":"0644"', '"mode":"0666"') : line,
    );
  const before = `${changed.join('\n')}\n`;
  assert.notEqual(before, `${lines.slice(0, -1).join('\n')}\n`);
  const trailer = JSON.parse(String(lines.at(-1)));
  const sha256 = createHash('sha256').update(before, 'latin1').digest('hex');
  writeFileSync(manifest, `${before}${JSON.stringify({ ...trailer, sha256 })}\n`, 'latin1');
}
