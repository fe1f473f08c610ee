/** Looking into vaults with the real command: snapshots, ls, find, diff, dump, log, vault, forget, protect. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { freePort } from '../servers/free-port.ts';
import { eventsOf, hikae, runAt, runPlain, Scratch } from './command.ts';

interface ToldVault {
  readonly vault: string;
  readonly snapshots: readonly SnapshotEntry[];
  readonly unreadable: readonly { readonly place: string; readonly error: { readonly code: string } }[];
  readonly error?: { readonly code: string };
}
interface ToldSnapshots {
  readonly outcome: string;
  readonly vaults: readonly ToldVault[];
}
interface ToldNode {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly size: number;
  readonly sha256?: string;
  readonly target?: string;
}
interface ToldLs {
  readonly vault: string;
  readonly snapshot: SnapshotEntry;
  readonly nodes: readonly ToldNode[];
}
interface ToldFind {
  readonly outcome: string;
  readonly searched: number;
  readonly versions: readonly {
    readonly vault: string;
    readonly node: ToldNode;
    readonly first: string;
    readonly last: string;
    readonly snapshots: number;
  }[];
}
interface ToldDiff {
  readonly before: { readonly vault: string; readonly snapshot: SnapshotEntry };
  readonly after: { readonly vault: string; readonly snapshot: SnapshotEntry };
  readonly changes: readonly {
    readonly kind: string;
    readonly path: string;
    readonly differences?: readonly string[];
  }[];
  readonly summary: Readonly<Record<string, { readonly nodes: number; readonly bytes: number }>>;
}

const FIRST = '2026-11-20T02:00:00+09:00';
const SECOND = '2026-11-21T02:00:00+09:00';
const NOW = '2026-11-22T12:00:00+09:00';
const places = {
  first: 'daily/docs/2026-11-20',
  second: 'daily/docs/2026-11-21',
  weekly: 'weekly/docs/2026-W47',
};

/** Two days of a target with names of every kind, and the weekly of the second. */
class Days {
  readonly scratch = new Scratch();
  readonly vault = this.scratch.at('vault');
  readonly policy: string;

  constructor() {
    const { scratch } = this;
    this.policy = scratch.policy({
      targets: { docs: { components: { data: { files: scratch.at('source') } } } },
      vaults: { hdd: { plain: this.vault, keep: { daily: 3, weekly: 4 } } },
      schedules: { daily: { at: '02:00', to: 'hdd' }, weekly: { at: 'Sun 04:00', to: 'hdd' } },
    });
    scratch.write('source/same.txt', 'the same');
    scratch.write('source/changing.txt', 'before');
    scratch.write('source/sub/deep/key.pem', 'key');
    scratch.write('source/日本語/ファイル.txt', '日本');
    scratch.write('source/new\nline', 'newline');
    writeFileSync(Buffer.concat([Buffer.from(`${scratch.at('source')}/in`), Buffer.of(0xff)]), 'invalid');
    symlinkSync('same.txt', scratch.at('source/link'));
  }

  async take(): Promise<void> {
    const { scratch } = this;
    assert.equal((await this.at(FIRST, 'backup')).status, 0);
    scratch.write('source/changing.txt', 'afterwards');
    scratch.write('source/added.txt', 'added');
    rmSync(scratch.at('source/sub/deep/key.pem'));
    chmodSync(scratch.at('source/new\nline'), 0o600);
    assert.equal((await this.at(SECOND, 'backup')).status, 0);
    assert.equal((await this.at(SECOND, 'backup', '--schedule', 'weekly')).status, 0);
  }

  at<Result = unknown>(time: string, ...args: readonly string[]) {
    return runAt<Result>(time, this.policy, args);
  }

  now<Result = unknown>(...args: readonly string[]) {
    return this.at<Result>(NOW, ...args);
  }

  /** As a person runs it. */
  plain(...args: readonly string[]) {
    return runPlain(['--policy', this.policy, '--lang', 'en', ...args]);
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]();
  }
}

describe('looking into snapshots', { timeout: 300_000 }, () => {
  let days: Days;
  before(async () => {
    days = new Days();
    await days.take();
  });
  after(() => days[Symbol.dispose]());

  it('lists them oldest first, with all that their headers say', async () => {
    const { status, result } = await days.now<ToldSnapshots>('snapshots');
    assert.equal(status, 0);
    assert.equal(result.outcome, 'succeeded');
    const [hdd, ...others] = result.vaults;
    assert.deepEqual(others, []);
    assert.deepEqual(
      hdd?.snapshots.map(({ place, complete, header }) => [place, complete, header.target, header.zone]),
      [
        [places.first, true, 'docs', 'Asia/Tokyo'],
        [places.second, true, 'docs', 'Asia/Tokyo'],
        [places.weekly, true, 'docs', 'Asia/Tokyo'],
      ],
    );
    assert.equal(hdd?.snapshots[1]?.header.id, hdd?.snapshots[2]?.header.id);
    const early = await days.now<ToldSnapshots>('snapshots', 'docs', '--as-of', '2026-11-20');
    assert.deepEqual(
      early.result.vaults[0]?.snapshots.map(({ place }) => place),
      [places.first],
    );
  });

  it('shows them as a table, in both languages', async () => {
    const english = await days.plain('snapshots');
    assert.equal(english.status, 0);
    assert.match(english.stdout, /^Vault hdd:\nplace +taken +state/);
    assert.match(english.stdout, /\ndaily\/docs\/2026-11-20 +2026-11-20 02:00 +complete +6 /);
    const japanese = await days.plain('snapshots', '--lang', 'ja');
    assert.match(japanese.stdout, /^保管先 hdd:\n場所 +取得日時 +状態/);
    assert.equal(english.stderr + japanese.stderr, '');
  });

  it('lists a folder, a file, or everything; names that are no text can be given back', async () => {
    const top = await days.now<ToldLs>('ls', 'docs');
    assert.deepEqual([top.status, top.result.vault, top.result.snapshot.place], [0, 'hdd', places.second]);
    assert.deepEqual(
      top.result.nodes.map(({ path, type }) => [path, type]),
      [['data', 'dir']],
    );
    const whole = await days.now<ToldLs>('ls', 'docs/2026-11-20', '--recursive');
    assert.deepEqual(
      whole.result.nodes.map(({ path }) => path),
      [
        'data',
        'data/changing.txt',
        'data/in\\xff',
        'data/link',
        'data/new\\nline',
        'data/same.txt',
        'data/sub',
        'data/sub/deep',
        'data/sub/deep/key.pem',
        'data/日本語',
        'data/日本語/ファイル.txt',
      ],
    );
    const link = whole.result.nodes.find(({ path }) => path === 'data/link');
    assert.deepEqual([link?.type, link?.target], ['symlink', 'same.txt']);
    const paths = async (...args: readonly string[]) =>
      (await days.now<ToldLs>('ls', 'docs/2026-11-20', ...args)).result.nodes.map(({ path }) => path);
    assert.deepEqual(await paths('data/sub'), ['data/sub/deep']);
    assert.deepEqual(await paths('/data/sub/', '--recursive'), ['data/sub/deep', 'data/sub/deep/key.pem']);
    assert.deepEqual(await paths('data/same.txt'), ['data/same.txt']);
    assert.deepEqual(await paths('data/日本語'), ['data/日本語/ファイル.txt']);
    for (const { path, type } of whole.result.nodes) {
      if (type === 'file') assert.deepEqual(await paths(path), [path]);
    }
    assert.deepEqual(await paths('data/new\nline'), ['data/new\\nline']);
  });

  it('takes the id that a list shows for a snapshot, in every place', async () => {
    const { stdout } = await days.plain('snapshots');
    const id =
      stdout
        .split('\n')
        .find((line) => line.startsWith(places.second))
        ?.split(/ +/)
        .at(-1) ?? '';
    assert.match(id, /^[0-9a-f]{12}$/);
    for (const spec of [id, `docs/${id}`, places.second, 'docs/2026-11-21', 'docs/latest']) {
      const { result } = await days.now<ToldLs>('ls', spec);
      assert.equal(result.snapshot.place, places.second, spec);
    }
    assert.equal((await days.now<ToldLs>('ls', 'docs/2026-W47')).result.snapshot.place, places.weekly);
  });

  it('shows one line an entry, whatever its name is', async () => {
    const { status, stdout } = await days.plain('ls', 'docs', 'data');
    assert.equal(status, 0);
    const [head, ...lines] = stdout.trimEnd().split('\n');
    assert.equal(head, 'hdd:daily/docs/2026-11-21, taken 2026-11-21 02:00');
    assert.equal(lines.length, 8);
    assert.ok(lines.some((line) => /^-rw-------.* 7 B .*data\/new\\nline$/.test(line)));
  });

  it('names what is not there, and what it is looked for in', async () => {
    for (const [args, code, status] of [
      [['ls', 'docs', 'data/none'], 'PATH_NOT_FOUND', 1],
      [['ls', 'docs/2026-11-19'], 'SNAPSHOT_NOT_FOUND', 1],
      [['ls', 'docs', '--as-of', '2026-11-19'], 'SNAPSHOT_NOT_FOUND', 1],
      [['ls', 'docs', '--vault', 'none'], 'VAULT_UNKNOWN', 2],
      [['ls', 'docs', '--vault', days.scratch.at('none')], 'VAULT_NOT_FOUND', 10],
      [['snapshots', 'dcos'], 'TARGET_UNKNOWN', 2],
      [['dump', 'docs', 'data/sub'], 'PATH_NOT_A_FILE', 1],
      [['dump', 'docs', 'data/link'], 'PATH_NOT_A_FILE', 1],
      [['dump', 'docs', 'data/none'], 'PATH_NOT_FOUND', 1],
      [['verify', 'dcos'], 'SNAPSHOT_NOT_FOUND', 1],
      [['log', '--run', 'zzz'], 'RUN_UNKNOWN', 2],
      [['protect', 'docs'], 'CLI_OPTION_REQUIRED', 2],
      [['protect', 'docs', '--until', 'tomorrow'], 'CLI_VALUE_INVALID', 2],
      [['protect', 'docs', '--until', '2026-11-21'], 'PROTECTION_PAST', 2],
    ] as const) {
      const { status: ended, result } = await days.now(...args);
      assert.deepEqual([result.error?.code, ended], [code, status], args.join(' '));
    }
  });

  it('finds each version once, with the first and the last snapshot that has it', async () => {
    const found = async (...args: readonly string[]) => {
      const { status, result } = await days.now<ToldFind>('find', ...args);
      assert.deepEqual([status, result.outcome], [0, 'succeeded']);
      return result.versions.map(({ node, first, last, snapshots }) => [node.path, first, last, snapshots]);
    };
    assert.deepEqual(await found('*.txt'), [
      ['data/added.txt', places.second, places.weekly, 2],
      ['data/changing.txt', places.first, places.first, 1],
      ['data/changing.txt', places.second, places.weekly, 2],
      ['data/same.txt', places.first, places.weekly, 3],
      ['data/日本語/ファイル.txt', places.first, places.weekly, 3],
    ]);
    const key = [['data/sub/deep/key.pem', places.first, places.first, 1]];
    assert.deepEqual(await found('/sub/**/*.pem'), key);
    assert.deepEqual(await found('sub/deep/*'), key);
    assert.deepEqual(await found('deep/*.pem'), [], 'with a slash it begins where the component does');
    assert.deepEqual(await found('*.pem', '--as-of', '2026-11-20'), key);
    assert.deepEqual(await found('new*line'), [['data/new\\nline', places.first, places.weekly, 3]]);
    assert.deepEqual((await found('ファイル*')).length, 1);
    assert.deepEqual(await found('*.txt', '--target', 'other'), []);
    const none = await days.plain('find', 'nothing', '--lang', 'ja');
    assert.deepEqual(
      [none.status, none.stdout],
      [0, '3 件のスナップショットに nothing に一致するものはありません\n'],
    );
  });

  it('tells what a day has changed', async () => {
    const { status, result } = await days.now<ToldDiff>('diff', 'docs/2026-11-20', 'docs/2026-11-21');
    assert.equal(status, 0);
    assert.deepEqual(
      [result.before.snapshot.place, result.after.snapshot.place],
      [places.first, places.second],
    );
    assert.deepEqual(
      result.changes.map(({ kind, path, differences = [] }) => [kind, path, ...differences]),
      [
        ['changed', 'data', 'mtime'],
        ['added', 'data/added.txt'],
        ['changed', 'data/changing.txt', 'content', 'mtime'],
        ['changed', 'data/new\\nline', 'mode'],
        ['changed', 'data/sub/deep', 'mtime'],
        ['removed', 'data/sub/deep/key.pem'],
      ],
    );
    assert.deepEqual(result.summary, {
      added: { nodes: 1, bytes: 5 },
      removed: { nodes: 1, bytes: 3 },
      changed: { nodes: 4, bytes: 10 },
      unchanged: { nodes: 6, bytes: 21 },
    });
    const same = await days.now<ToldDiff>('diff', 'docs/2026-W47', 'docs');
    assert.deepEqual([same.status, same.result.changes], [0, []]);
    const plain = await days.plain('diff', 'docs/2026-11-20', 'docs', '--lang', 'ja');
    assert.match(
      plain.stdout,
      /^--- hdd:.*\n\+\+\+ hdd:.*\n~ data\/ {2}\(更新日時\)\n\+ data\/added\.txt {2}\(5 B\)\n/,
    );
  });

  it('dumps a file byte by byte', () => {
    const dump = (path: string) => {
      const args = ['--policy', days.policy, 'dump', 'docs/2026-11-20', path];
      return spawnSync(hikae, args, { env: { PATH: process.env.PATH }, encoding: 'utf8' });
    };
    assert.equal(dump('data/changing.txt').stdout, 'before');
    assert.equal(dump('data/日本語/ファイル.txt').stdout, '日本');
    assert.equal(dump('data/in\\xff').stdout, 'invalid');
    assert.equal(dump('data/new\nline').stdout, 'newline');
    assert.deepEqual([dump('data/new\\nline').stdout, dump('data/new\\nline').status], ['newline', 0]);
  });

  it('needs neither policy nor ledger where the folder of the vault is named', async () => {
    assert.ok(!existsSync('/etc/hikae/policy.yaml'), 'this machine has a policy of its own');
    for (const [args, words] of [
      [['snapshots'], /daily\/docs\/2026-11-20/],
      [['ls', 'docs', 'data'], /added\.txt/],
      [['find', '*.pem'], /key\.pem/],
      [['diff', 'docs/2026-11-20', 'docs'], /added\.txt/],
      [['dump', 'docs/2026-11-20', 'data/changing.txt'], /^before$/],
      [['verify'], /docs +succeeded +3 /],
    ] as const) {
      const { status, stdout } = await runPlain([...args, '--vault', days.vault]);
      assert.equal(status, 0, args.join(' '));
      assert.match(stdout, words);
    }
    assert.equal((await runPlain(['snapshots'])).status, 2);
    const missing = ['snapshots', '--policy', days.scratch.at('none.yaml'), '--vault', days.vault];
    assert.equal((await runPlain(missing)).status, 2, 'a policy that was named must be there');
  });

  it('tells the last runs, and what was wrong with one', async () => {
    const { status, result } =
      await days.now<{ id: string; verb: string; outcome: string; targets: string[] }[]>('log');
    assert.equal(status, 0);
    assert.deepEqual(
      result.slice(-3).map(({ verb, outcome, targets }) => [verb, outcome, targets]),
      Array.from({ length: 3 }, () => ['backup', 'succeeded', ['docs']]),
    );
    const limited = await days.now<unknown[]>('log', '--limit', '1');
    assert.equal(limited.result.length, 1);
    const early = await days.now<unknown[]>('log', '--as-of', '2026-11-20');
    assert.equal(early.result.length, 1);
    const id = result.at(-1)?.id ?? '';
    const one = await days.now<{ run: { id: string }; troubles: unknown[] }>('log', '--run', id.slice(0, 10));
    assert.deepEqual([one.result.run.id, one.result.troubles], [id, []]);
    assert.match((await days.plain('log', '--lang', 'ja')).stdout, /^開始 +実行 +ターゲット/);
  });
});

describe('a component of single files', { timeout: 300_000 }, () => {
  it('has absolute paths, which patterns are anchored at', async () => {
    using scratch = new Scratch();
    const secret = scratch.write('etc/app/.env', 'KEY=1');
    const policy = scratch.policy({
      targets: {
        docs: { components: { config: { files: [secret, scratch.write('other/.env', 'KEY=2')] } } },
      },
      vaults: { hdd: { plain: scratch.at('vault') } },
      schedules: { daily: { at: '02:00', to: 'hdd' } },
    });
    assert.equal((await runAt(FIRST, policy, ['backup'])).status, 0);
    const found = async (pattern: string) =>
      (await runAt<ToldFind>(NOW, policy, ['find', pattern])).result.versions.map(({ node }) => node.path);
    assert.deepEqual(await found(secret), [`config${secret}`]);
    assert.deepEqual(await found('app/.env'), []);
    assert.equal((await found('.env')).length, 2);
    const dumped = await runPlain(['--policy', policy, 'dump', 'docs', `config${secret}`]);
    assert.equal(dumped.stdout, 'KEY=1');
  });
});

describe('a vault that is not as it should be', { timeout: 300_000 }, () => {
  it('out of reach: what can be reached is shown, and the exit code says that it is not all', async () => {
    using days = new Days();
    await days.take();
    const policy = days.scratch.policy(
      {
        targets: { docs: { components: { data: { files: days.scratch.at('source') } } } },
        vaults: {
          usb: { plain: days.scratch.at('usb/vault'), mounted: days.scratch.at('usb') },
          hdd: { plain: days.vault },
          nas: { plain: `sftp://backup@127.0.0.1:${await freePort()}/backup`, ssh: {} },
        },
        schedules: { daily: { at: '02:00', to: 'hdd' } },
      },
      'two.yaml',
    );
    const now = <Result>(...args: readonly string[]) => runAt<Result>(NOW, policy, args);
    const listed = await now<ToldSnapshots>('snapshots');
    assert.deepEqual([listed.status, listed.result.outcome], [3, 'partial']);
    assert.deepEqual(
      listed.result.vaults.map(({ vault, snapshots, error }) => [vault, snapshots.length, error?.code]),
      [
        ['usb', 0, 'VAULT_NOT_MOUNTED'],
        ['hdd', 3, undefined],
        ['nas', 0, 'STORAGE_OUT_OF_REACH'],
      ],
    );
    const ls = await now<ToldLs>('ls', 'docs');
    assert.deepEqual([ls.status, ls.result.vault], [0, 'hdd']);
    assert.deepEqual(
      eventsOf(ls, 'warning').map(({ code, facts }) => [code, facts.vault]),
      [
        ['next-vault', 'usb'],
        // The line might only have hiccuped.
        ['storage-retry', undefined],
        ['storage-retry', undefined],
        ['next-vault', 'nas'],
      ],
    );
    assert.equal((await now('snapshots', '--vault', 'usb')).status, 10);
    assert.equal((await now('snapshots', '--vault', 'nas')).status, 10);
    assert.equal((await now('find', '*.txt')).status, 3);
    const verified = await now<{ ends: { vault: string; outcome: string }[] }>('verify');
    assert.equal(verified.status, 10, 'what was not read is not proven');
    assert.deepEqual(
      verified.result.ends.map(({ vault, outcome }) => [vault, outcome]),
      [
        ['usb', 'failed'],
        ['hdd', 'succeeded'],
        ['nas', 'failed'],
      ],
    );
    const vaults = await now<{
      vaults: { name: string; state: string; snapshots?: number; room?: { bytes: number } }[];
    }>('vault', 'list');
    assert.equal(vaults.status, 3);
    assert.deepEqual(
      vaults.result.vaults.map(({ name, state, snapshots }) => [name, state, snapshots]),
      [
        ['usb', 'not-mounted', undefined],
        ['hdd', 'reachable', 3],
        ['nas', 'unusable', undefined],
      ],
    );
    assert.ok((vaults.result.vaults[1]?.room?.bytes ?? 0) > 0);
  });

  it('lost: only `vault create` begins it anew', async () => {
    using days = new Days();
    const created = (result: unknown) => (result as { created?: boolean }).created;
    assert.equal((await days.at(FIRST, 'backup')).status, 0);
    const there = await days.now('vault', 'create', 'hdd');
    assert.deepEqual([there.status, created(there.result)], [0, false]);
    rmSync(days.vault, { recursive: true });
    const gone = await days.now('backup');
    assert.equal(gone.status, 10);
    assert.ok(!existsSync(days.vault), 'nothing was written in its place');
    const listed = await days.now<{ vaults: { state: string }[] }>('vault', 'list');
    assert.deepEqual([listed.status, listed.result.vaults[0]?.state], [3, 'gone']);
    const anew = await days.now('vault', 'create', 'hdd');
    assert.deepEqual([anew.status, created(anew.result)], [0, true]);
    assert.equal((await days.now('backup')).status, 0);
    assert.equal((await days.now('vault', 'create', 'none')).status, 2);
    mkdirSync(days.scratch.at('foreign'));
    writeFileSync(days.scratch.at('foreign/letter.txt'), 'mine');
    rmSync(days.vault, { recursive: true });
    execFileSync('cp', ['-a', days.scratch.at('foreign'), days.vault]);
    const foreign = await days.now('vault', 'create', 'hdd');
    assert.deepEqual([foreign.status, foreign.result.error?.code], [10, 'VAULT_FOREIGN']);
  });

  it('with a damaged header: the snapshot is named, by the list as by the verification', async () => {
    using days = new Days();
    await days.take();
    writeFileSync(`${days.vault}/${places.first}/.hikae/manifest`, 'not a manifest\n');
    const listed = await days.now<ToldSnapshots>('snapshots');
    assert.equal(listed.status, 0);
    assert.deepEqual(
      listed.result.vaults[0]?.unreadable.map(({ place, error }) => [place, error.code]),
      [[places.first, 'SNAPSHOT_DAMAGED']],
    );
    assert.deepEqual(
      eventsOf(listed, 'warning').map(({ code }) => code),
      ['snapshot-unreadable'],
    );
    const ls = await days.now('ls', places.first);
    assert.deepEqual([ls.status, ls.result.error?.code], [1, 'SNAPSHOT_DAMAGED']);
    assert.equal((await days.now('find', '*.txt')).status, 3);
  });

  it('with a manifest that breaks off: what was listed up to there does not pass for all', async () => {
    using days = new Days();
    await days.take();
    appendFileSync(`${days.vault}/${places.first}/.hikae/manifest`, 'more\n');
    const { status, stdout } = await runPlain([
      '--policy',
      days.policy,
      'ls',
      'docs/2026-11-20',
      '--recursive',
    ]);
    assert.equal(status, 1);
    assert.match(stdout, /taken/);
    const found = await days.now<ToldFind>('find', '*.pem');
    assert.deepEqual([found.status, found.result.outcome, found.result.searched], [3, 'partial', 2]);
  });
});

describe('forget and protect', { timeout: 300_000 }, () => {
  it('show every snapshot with its mark and reason, and remove what the plan says', async () => {
    using days = new Days();
    const vaults = (daily: number) => ({ hdd: { plain: days.vault, keep: { daily, weekly: 4 } } });
    await days.take();
    const policy = (daily: number) =>
      days.scratch.policy(
        {
          targets: { docs: { components: { data: { files: days.scratch.at('source') } } } },
          vaults: vaults(daily),
          schedules: { daily: { at: '02:00', to: 'hdd' } },
        },
        'fewer.yaml',
      );
    const now = <Result>(...args: readonly string[]) => runAt<Result>(NOW, policy(1), args);
    interface Marked {
      readonly marked: readonly {
        readonly snapshot: SnapshotEntry;
        readonly mark: string;
        readonly reason: { code: string };
      }[];
    }
    const plan = async () => {
      const { status, result } = await now<readonly Marked[]>('forget', '--dry-run');
      assert.equal(status, 0);
      return result[0]?.marked.map(({ snapshot, mark, reason }) => [snapshot.place, mark, reason.code]);
    };
    const weekly = [places.weekly, 'keep', 'kept-week'];
    const second = [places.second, 'keep', 'kept-day'];
    assert.deepEqual(await plan(), [[places.first, 'remove', 'passed-day'], second, weekly]);
    const table = await runPlain(['--policy', policy(1), '--lang', 'ja', 'forget', '--dry-run']);
    assert.match(
      table.stdout,
      /^hdd の docs:\n場所 +取得日時 +完全 +判定 +理由\ndaily\/docs\/2026-11-20 .* 削除 /,
    );
    assert.match(table.stdout, /何も削除していません/);

    const shielded = await now<{ places: string[]; protectedUntil: number }>(
      'protect',
      'docs/2026-11-20',
      '--until',
      '2026-12-01',
    );
    assert.equal(shielded.status, 0);
    assert.deepEqual(
      [shielded.result.places, shielded.result.protectedUntil],
      [[places.first], Date.parse('2026-12-01T23:59:59.999+09:00')],
    );
    assert.deepEqual(await plan(), [[places.first, 'protected', 'protected'], second, weekly]);
    assert.equal((await now('forget')).status, 0);
    assert.ok(existsSync(`${days.vault}/${places.first}`));
    assert.match((await days.plain('snapshots')).stdout, /protected until\n.* 2026-12-01 23:59\n/);

    assert.equal((await now('protect', 'docs/2026-11-20', '--until', 'none')).status, 0);

    // A daily and the weekly that was made of it are one snapshot, by whichever name it is called.
    const { result: both } = await now<{ places: string[] }>(
      'protect',
      places.weekly,
      '--until',
      '2026-12-01',
    );
    assert.deepEqual(both.places, [places.second, places.weekly]);
    const marks = async () => (await plan())?.map(([, mark]) => mark);
    assert.deepEqual(await marks(), ['remove', 'protected', 'protected']);
    assert.equal((await now('protect', 'docs/2026-11-21', '--until', 'none')).status, 0);
    assert.deepEqual(await marks(), ['remove', 'keep', 'keep']);
    const done = await now<{ ends: { result: { removed: SnapshotEntry[] } }[] }>(
      'forget',
      'docs',
      '--vault',
      'hdd',
    );
    assert.equal(done.status, 0);
    assert.deepEqual(
      done.result.ends.flatMap(({ result }) => result.removed.map(({ place }) => place)),
      [places.first],
    );
    assert.ok(!existsSync(`${days.vault}/${places.first}`));
    assert.deepEqual(await plan(), [second, weekly]);
    assert.equal((await now('forget', 'none')).status, 2);
    assert.equal((await now('forget', '--vault', 'none')).status, 2);
  });
});
