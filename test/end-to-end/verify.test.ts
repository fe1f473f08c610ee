/** verify with the real command: every kind of damage is found and named for all that share it, and the next backup heals it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimesAt, setXattr } from '../../src/base/libc.ts';
import { rawFromText } from '../../src/base/raw-path.ts';
import type { Finding } from '../../src/model/finding.ts';
import { eventsOf, isRoot, runAt, runPlain, Scratch } from './command.ts';

interface ToldVerify {
  readonly outcome: string;
  readonly level: string;
  readonly sample?: { readonly seconds: number; readonly seed: number };
  readonly ends: readonly {
    readonly vault: string;
    readonly target: string;
    readonly outcome: string;
    readonly checked: { readonly snapshots: number; readonly files: number; readonly bytes: number };
    readonly findings: readonly Finding[];
  }[];
}

const FIRST = '2026-11-20T02:00:00+09:00';
const SECOND = '2026-11-21T02:00:00+09:00';
const THIRD = '2026-11-22T02:00:00+09:00';
const first = 'daily/docs/2026-11-20';
const second = 'daily/docs/2026-11-21';
const weekly = 'weekly/docs/2026-W47';
const all = [first, second, weekly];
const CONTENT = 'what must not be lost\n'.repeat(500);

/** Two daily snapshots and a weekly that share all but one file; made once, and copied with its links for each damage. */
class Damaged {
  readonly scratch = new Scratch();
  readonly vault = this.scratch.at('vault');
  readonly policy: string;

  constructor(original?: Damaged) {
    const { scratch } = this;
    this.policy = scratch.policy({
      targets: { docs: { components: { data: { files: scratch.at('source') } } } },
      vaults: { hdd: { plain: this.vault } },
      schedules: { daily: { at: '02:00', to: 'hdd' }, weekly: { at: 'Sun 04:00', to: 'hdd' } },
    });
    if (original === undefined) return;
    for (const name of ['source', 'vault', 'state']) {
      execFileSync('cp', ['-a', original.scratch.at(name), scratch.at(name)]);
    }
  }

  async make(): Promise<void> {
    const { scratch } = this;
    scratch.write('source/shared.txt', CONTENT);
    scratch.write('source/folder/inner.txt', 'inner');
    scratch.write('source/daily.txt', 'first');
    symlinkSync('shared.txt', scratch.at('source/link'));
    assert.equal((await this.at(FIRST, 'backup')).status, 0);
    scratch.write('source/daily.txt', 'second day');
    assert.equal((await this.at(SECOND, 'backup')).status, 0);
    assert.equal((await this.at(SECOND, 'backup', '--schedule', 'weekly')).status, 0);
  }

  at<Result = unknown>(time: string, ...args: readonly string[]) {
    return runAt<Result>(time, this.policy, args);
  }

  verify(...args: readonly string[]) {
    return this.at<ToldVerify>(SECOND, 'verify', ...args);
  }

  in(place: string, path: string): string {
    return `${this.vault}/${place}/${path}`;
  }

  /** Does something to a stored file or folder that its time does not show. */
  secretly(path: string, change: () => void): void {
    const { mtimeNs } = lstatSync(path, { bigint: true });
    change();
    const parent = openSync(dirname(path), 'r');
    setTimesAt(parent, rawFromText(basename(path)), mtimeNs);
    closeSync(parent);
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]();
  }
}

interface Damage {
  readonly name: string;
  readonly kind: Finding['kind'];
  readonly places: readonly string[];
  readonly path: string;
  readonly needsRoot?: boolean;
  readonly change: (vault: Damaged) => void;
}

const shared = { places: all, path: 'data/shared.txt' };
const inSecond = { places: [second], path: '' };

const damages: readonly Damage[] = [
  {
    name: 'a flipped bit, the time kept',
    kind: 'content',
    ...shared,
    change: (vault) => {
      const path = vault.in(second, 'data/shared.txt');
      vault.secretly(path, () => {
        const bytes = readFileSync(path);
        bytes[1_000] = (bytes[1_000] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      });
    },
  },
  {
    name: 'a truncated file, the time kept',
    kind: 'size',
    ...shared,
    change: (vault) => {
      const path = vault.in(second, 'data/shared.txt');
      vault.secretly(path, () => truncateSync(path, 100));
    },
  },
  {
    name: 'a removed file',
    kind: 'missing',
    places: [second],
    path: 'data/shared.txt',
    change: (vault) => {
      const path = vault.in(second, 'data');
      vault.secretly(path, () => rmSync(`${path}/shared.txt`));
    },
  },
  {
    name: 'a removed folder of the oldest',
    kind: 'missing',
    places: [first],
    path: 'data/folder',
    change: (vault) => {
      const path = vault.in(first, 'data');
      vault.secretly(path, () => rmSync(`${path}/folder`, { recursive: true }));
    },
  },
  {
    name: 'an added file',
    kind: 'extra',
    places: [second],
    path: 'data/folder/more.txt',
    change: (vault) => {
      const path = vault.in(second, 'data/folder');
      vault.secretly(path, () => writeFileSync(`${path}/more.txt`, 'more'));
    },
  },
  {
    name: 'another mode',
    kind: 'attribute',
    ...shared,
    change: (vault) => chmodSync(vault.in(second, 'data/shared.txt'), 0o600),
  },
  {
    name: 'another owner',
    kind: 'attribute',
    ...shared,
    needsRoot: true,
    change: (vault) => chownSync(vault.in(second, 'data/shared.txt'), 1234, 1234),
  },
  {
    name: 'another time',
    kind: 'attribute',
    ...shared,
    change: (vault) => execFileSync('touch', [vault.in(second, 'data/shared.txt')]),
  },
  {
    name: 'an extended attribute',
    kind: 'attribute',
    ...shared,
    change: (vault) => {
      const file = openSync(vault.in(second, 'data/shared.txt'), 'r');
      setXattr(file, 'user.more', Buffer.from('1'));
      closeSync(file);
    },
  },
  {
    name: 'a link that leads elsewhere',
    kind: 'attribute',
    places: [second],
    path: 'data/link',
    change: (vault) => {
      const folder = vault.in(second, 'data');
      vault.secretly(folder, () => {
        const path = `${folder}/link`;
        vault.secretly(path, () => {
          rmSync(path);
          symlinkSync('daily.txt', path);
        });
      });
    },
  },
  {
    name: 'a folder in the place of a file',
    kind: 'content',
    places: [second],
    path: 'data/daily.txt',
    change: (vault) => {
      const folder = vault.in(second, 'data');
      vault.secretly(folder, () => {
        rmSync(`${folder}/daily.txt`);
        execFileSync('mkdir', [`${folder}/daily.txt`]);
      });
    },
  },
  {
    name: 'a changed node of the manifest',
    kind: 'manifest',
    ...inSecond,
    change: (vault) => replaceIn(vault.in(second, '.hikae/manifest'), '"size":10', '"size":11'),
  },
  {
    name: 'a changed header of the manifest',
    kind: 'manifest',
    ...inSecond,
    change: (vault) => replaceIn(vault.in(second, '.hikae/manifest'), '"notes":0', '"notes":1'),
  },
  {
    name: 'a header that is none',
    kind: 'manifest',
    ...inSecond,
    change: (vault) => replaceIn(vault.in(second, '.hikae/manifest'), '"version":1', '"version":{}'),
  },
  {
    name: 'a manifest that is gone',
    kind: 'manifest',
    ...inSecond,
    change: (vault) => rmSync(vault.in(second, '.hikae/manifest')),
  },
  {
    name: 'a changed checksum',
    kind: 'checksums',
    ...inSecond,
    change: (vault) => {
      const path = vault.in(second, 'checksums.sha256');
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, (text.startsWith('0') ? '1' : '0') + text.slice(1));
    },
  },
  {
    name: 'checksums.sha256 that is gone',
    kind: 'checksums',
    ...inSecond,
    change: (vault) => rmSync(vault.in(second, 'checksums.sha256')),
  },
];

function replaceIn(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from), `${from} is not in ${path}`);
  writeFileSync(path, text.replace(from, to));
}

/** The damage itself; what a damaged manifest makes of other lists is told beside it. */
function findingsOf(result: ToldVerify): readonly Finding[] {
  return result.ends.flatMap(({ findings }) => findings);
}

describe('verify', { timeout: 600_000 }, () => {
  let original: Damaged;
  before(async () => {
    original = new Damaged();
    await original.make();
  });
  after(() => original[Symbol.dispose]());

  it('reads everything once, and says what it read', async () => {
    const { status, result } = await original.verify();
    assert.equal(status, 0);
    assert.deepEqual([result.outcome, result.level, result.sample], ['succeeded', 'full', undefined]);
    const [end] = result.ends;
    // Of the first day only what the second doesn't share is read.
    assert.deepEqual(
      { ...end?.checked, nodes: undefined },
      { snapshots: 3, nodes: undefined, files: 4, bytes: CONTENT.length + 5 + 10 + 5 },
    );
    const one = await original.verify('docs', '--date', '2026-11-20');
    assert.deepEqual([one.status, one.result.ends[0]?.checked.snapshots], [0, 1]);
    const log = await original.at<{ verb: string }[]>(SECOND, 'log', '--limit', '1');
    assert.equal(log.result[0]?.verb, 'verify');
  });

  it('looks at no content at the level `structure`, and at a seeded part of it at `sample`', async () => {
    using vault = new Damaged(original);
    damages[0]?.change(vault);
    const structure = await vault.verify('--level', 'structure');
    assert.deepEqual([structure.status, structure.result.ends[0]?.checked.files], [0, 0]);
    const sample = await vault.verify('--level', 'sample', '--seconds', '30', '--seed', '7');
    assert.deepEqual(sample.result.sample, { seconds: 30, seed: 7 });
    assert.equal(sample.status, 21, 'a vault as small as this is read whole within the time');
    const drawn = await vault.verify('--level', 'sample');
    assert.ok(Number.isInteger(drawn.result.sample?.seed));
    assert.equal((await vault.verify('--level', 'sample', '--seconds', '0')).status, 2);
    assert.equal((await vault.verify('--seed', 'x')).status, 2);
  });

  for (const { name, kind, places, path, needsRoot, change } of damages) {
    it(`finds ${name}, and the next backup is sound again`, async (context) => {
      if (needsRoot && !isRoot) return context.skip('only root can give files away');
      using vault = new Damaged(original);
      change(vault);

      const { status, result, events } = await vault.verify();
      assert.equal(status, 21);
      assert.equal(result.outcome, 'partial');
      const found = findingsOf(result);
      const finding = found.find((one) => one.kind === kind && one.path === path);
      assert.deepEqual(finding?.places.toSorted(), places.toSorted(), JSON.stringify(found, null, 1));
      const elsewhere = found.filter((one) => one.places.some((place) => !places.includes(place)));
      assert.deepEqual(elsewhere, [], 'what is sound is not called damaged');
      assert.deepEqual(
        eventsOf({ events }, 'finding').map((event) => event.finding),
        found,
      );

      assert.equal((await vault.at(THIRD, 'backup')).status, 0);
      const next = await vault.at<ToldVerify>(THIRD, 'verify', '--date', 'latest');
      assert.deepEqual([next.status, findingsOf(next.result)], [0, []]);
      const stored = vault.in('daily/docs/2026-11-22', 'data');
      assert.equal(readFileSync(`${stored}/shared.txt`, 'utf8'), CONTENT);
      assert.equal(readFileSync(`${stored}/daily.txt`, 'utf8'), 'second day');
      assert.equal(readFileSync(`${stored}/folder/inner.txt`, 'utf8'), 'inner');
      if (path === 'data/shared.txt' && kind !== 'missing') {
        const inode = (folder: string) => lstatSync(`${folder}/shared.txt`).ino;
        assert.notEqual(inode(stored), inode(vault.in(second, 'data')), 'it was read anew, not linked');
      }
      assert.equal((await vault.verify()).status, 21, 'what is damaged stays told');
    });
  }

  it('says what to do about it, in both languages', async () => {
    using vault = new Damaged(original);
    damages[0]?.change(vault);
    const show = (language: string) =>
      runPlain(['--policy', vault.policy, '--lang', language, '--quiet', 'verify']);
    const english = await show('en');
    assert.equal(english.status, 21);
    assert.match(
      english.stdout,
      /^vault +target +outcome +snapshots +entries +files read +bytes read +findings\nhdd /,
    );
    assert.match(english.stdout, /- damaged in hdd: .*data\/shared\.txt: its content is not what was stored/);
    assert.match(english.stdout, /the next backup does not share them but reads them anew from their source/);
    assert.match((await show('ja')).stdout, /次のバックアップは共有せず、取得元から読み直します/);
  });

  it('is followed by a repair, which puts right what another date has and names the rest', async () => {
    using vault = new Damaged(original);
    rmSync(vault.in(first, 'data/folder'), { recursive: true });
    rmSync(vault.in(second, 'checksums.sha256'));
    const planned = await runPlain(['--policy', vault.policy, '--lang', 'ja', 'repair', '--dry-run']);
    assert.equal(planned.status, 0, planned.stderr);
    assert.match(planned.stdout, /直したもの: .* 3 個.*\n\n何も変更していません/);
    const repaired = await runPlain(['--policy', vault.policy, 'repair']);
    assert.equal(repaired.status, 0, repaired.stderr);
    assert.match(repaired.stdout, /written anew: daily\/docs\/2026-11-21\n.*put right in snapshots: 3 files/);
    assert.equal((await vault.verify()).status, 0);
    damages[0]?.change(vault);
    const left = await runPlain(['--policy', vault.policy, 'repair']);
    assert.equal(left.status, 21, left.stderr);
    assert.match(left.stdout, /data\/shared\.txt: its content is not .*Name another vault with --from/s);
  });

  it('dumps nothing damaged for sound', async () => {
    using vault = new Damaged(original);
    damages[0]?.change(vault);
    const { status, stderr } = await runPlain(['--policy', vault.policy, 'dump', 'docs', 'data/shared.txt']);
    assert.equal(status, 1);
    assert.match(stderr, /SNAPSHOT_CONTENT_DAMAGED/);
  });
});
