import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHikaeError } from '../base/errors.ts';
import type { Event } from '../model/events.ts';
import type { SnapshotEntry, UnreadableSnapshot } from '../model/snapshot.ts';
import { policyErrors } from '../policy/errors.ts';
import { repositoryErrors } from '../vault/restic/errors.ts';
import { vaultErrors } from '../vault/vault.ts';
import type { OpenedVault, Parts } from './parts.ts';
import { openSnapshot, parseSnapshotSpec, selectSnapshot } from './select.ts';

interface Told {
  readonly time: string;
  readonly id?: string;
  readonly zone?: string;
  readonly complete?: boolean;
}

/** An entry at `place`; what isn't told follows from it. */
function entry(place: string, { time, id = '0', zone = 'Asia/Tokyo', complete = true }: Told): SnapshotEntry {
  const [schedule = '', target = ''] = place.split('/');
  const header = {
    id: id.padEnd(32, '0'),
    target,
    host: 'test',
    time: Date.parse(time),
    zone,
    schedule: schedule as 'daily',
    trigger: 'manual' as const,
    hikae: '0',
    components: [],
    notes: 0,
    problems: 0,
    troubles: [],
  };
  return { place, header, complete };
}

const now = Date.parse('2026-11-23T20:00+09:00');

const entries = [
  entry('weekly/mail/2026-W46', { time: '2026-11-15T02:00+09:00', id: 'a1' }),
  entry('daily/mail/2026-11-21', { time: '2026-11-21T02:00+09:00', id: 'b1' }),
  entry('daily/mail/2026-11-21T120000', { time: '2026-11-21T12:00+09:00', id: 'b2' }),
  entry('daily/mail/2026-11-21T180000', { time: '2026-11-21T18:00+09:00', id: 'b3', complete: false }),
  entry('daily/mail/2026-11-22', { time: '2026-11-22T02:00+09:00', id: 'c1c1c1' }),
  entry('weekly/mail/2026-W47', { time: '2026-11-22T02:00+09:00', id: 'c1c1c1' }),
  entry('safety/mail/2026-11-22T150000', { time: '2026-11-22T15:00+09:00', id: 'd1d1d1d1' }),
  entry('daily/mail/2026-11-23', { time: '2026-11-23T02:00+09:00', id: 'd1d1d1ff', complete: false }),
];

function chosen(wanted: string, asOf?: string): string {
  const until = asOf === undefined ? {} : { asOf: Date.parse(asOf) };
  return selectSnapshot(entries, wanted, { vault: 'hdd', now, ...until }).place;
}

function refused(code: string): (error: unknown) => boolean {
  return (error) => isHikaeError(error, code);
}

describe('selectSnapshot', () => {
  it('takes the newest complete one for `latest`, never a safety copy, and of two places the daily', () => {
    assert.equal(chosen('latest'), 'daily/mail/2026-11-22');
    assert.equal(
      selectSnapshot([...entries].reverse(), 'latest', { vault: 'hdd', now }).place,
      'daily/mail/2026-11-22',
    );
    const onlyIncomplete = entries.filter(({ complete }) => !complete);
    assert.throws(
      () => selectSnapshot(onlyIncomplete, 'latest', { vault: 'hdd', now }),
      refused('SNAPSHOT_NOT_FOUND'),
    );
  });

  it('takes one from the future for `latest` only where there is no other', () => {
    const future = entry('daily/mail/2031-01-01', { time: '2031-01-01T02:00+09:00', id: 'f9' });
    const options = { vault: 'hdd', now };
    assert.equal(selectSnapshot([...entries, future], 'latest', options).place, 'daily/mail/2026-11-22');
    assert.equal(selectSnapshot([future], 'latest', options).place, future.place);
  });

  it('takes the newest complete one of a day, and an incomplete one only where there is no other', () => {
    assert.equal(chosen('2026-11-21'), 'daily/mail/2026-11-21T120000');
    assert.equal(chosen('2026-11-22'), 'daily/mail/2026-11-22');
    assert.equal(chosen('2026-11-23'), 'daily/mail/2026-11-23');
    assert.equal(chosen('2026-11-15'), 'weekly/mail/2026-W46');
    assert.throws(() => chosen('2026-11-20'), refused('SNAPSHOT_NOT_FOUND'));
  });

  it("reckons the day in the snapshot's own zone", () => {
    const abroad = [
      entry('daily/mail/2026-11-20', { time: '2026-11-21T02:00Z', zone: 'America/New_York', id: 'e1' }),
      entry('daily/mail/2026-11-21', { time: '2026-11-20T16:00Z', zone: 'Asia/Tokyo', id: 'e2' }),
    ];
    const day = (wanted: string) => selectSnapshot(abroad, wanted, { vault: 'hdd', now }).place;
    assert.equal(day('2026-11-20'), 'daily/mail/2026-11-20');
    assert.equal(day('2026-11-21'), 'daily/mail/2026-11-21');
  });

  it('gives one whose zone or time can not be no day, and still finds it by its id', () => {
    const foreign = [
      entry('daily/mail/2026-11-20', { time: '2026-11-20T02:00Z', zone: 'Mars/Olympus', id: 'e1e1e1' }),
    ];
    const [one] = foreign;
    assert.ok(one !== undefined);
    const far = [{ ...one, header: { ...one.header, zone: 'UTC', time: 9e15 } }];
    for (const list of [foreign, far]) {
      assert.throws(
        () => selectSnapshot(list, '2026-11-20', { vault: 'hdd', now }),
        refused('SNAPSHOT_NOT_FOUND'),
      );
      assert.throws(
        () => selectSnapshot(list, '2026-W47', { vault: 'hdd', now }),
        refused('SNAPSHOT_NOT_FOUND'),
      );
      assert.equal(selectSnapshot(list, 'e1e1e1', { vault: 'hdd', now }).place, 'daily/mail/2026-11-20');
    }
  });

  it('takes a weekly by its week, also one that came second and has the name of a moment', () => {
    assert.equal(chosen('2026-W47'), 'weekly/mail/2026-W47');
    const second = entry('weekly/mail/2026-11-22T200000', { time: '2026-11-22T20:00+09:00', id: 'f1' });
    const place = selectSnapshot([...entries, second], '2026-W47', { vault: 'hdd', now }).place;
    assert.equal(place, 'weekly/mail/2026-11-22T200000');
    assert.throws(() => chosen('2026-W48'), refused('SNAPSHOT_NOT_FOUND'));
  });

  it('takes any by its moment, its place or the first digits of its id', () => {
    assert.equal(chosen('2026-11-21T120000'), 'daily/mail/2026-11-21T120000');
    assert.equal(chosen('2026-11-22T150000'), 'safety/mail/2026-11-22T150000');
    assert.equal(chosen('weekly/mail/2026-W47'), 'weekly/mail/2026-W47');
    assert.equal(chosen('c1c1c1'), 'daily/mail/2026-11-22');
    assert.equal(chosen('d1d1d1d1'), 'safety/mail/2026-11-22T150000');
    assert.throws(() => chosen('c1c1c'), refused('SNAPSHOT_NOT_FOUND'), 'five digits are too few');
    assert.throws(() => chosen('daily/mail/2026-11-20'), refused('SNAPSHOT_NOT_FOUND'));
    assert.throws(() => chosen('yesterday'), refused('SNAPSHOT_NOT_FOUND'));
  });

  it('does not guess between two ids that begin alike, and names both', () => {
    assert.throws(
      () => chosen('d1d1d1'),
      (error) =>
        isHikaeError(error, 'SNAPSHOT_AMBIGUOUS') &&
        /safety\/mail\/2026-11-22T150000, daily\/mail\/2026-11-23/.test(error.message),
    );
  });

  it('hides what is later than --as-of', () => {
    assert.equal(chosen('latest', '2026-11-21T12:00+09:00'), 'daily/mail/2026-11-21T120000');
    assert.equal(chosen('latest', '2026-11-21T11:59+09:00'), 'daily/mail/2026-11-21');
    assert.equal(chosen('2026-11-21', '2026-11-21T03:00+09:00'), 'daily/mail/2026-11-21');
    assert.throws(() => chosen('c1c1c1', '2026-11-21T12:00+09:00'), refused('SNAPSHOT_NOT_FOUND'));
  });
});

describe('parseSnapshotSpec', () => {
  for (const [text, spec] of [
    ['mail', { target: 'mail', wanted: 'latest' }],
    ['mail/latest', { target: 'mail', wanted: 'latest' }],
    ['mail/2026-11-22', { target: 'mail', wanted: '2026-11-22' }],
    ['mail/c1c1c1', { target: 'mail', wanted: 'c1c1c1' }],
    ['daily/mail/2026-11-22', { wanted: 'daily/mail/2026-11-22' }],
    [`snapshots/${'c1'.repeat(32)}`, { wanted: `snapshots/${'c1'.repeat(32)}` }],
    ['snapshots/latest', { target: 'snapshots', wanted: 'latest' }],
    ['c1c1c1', { wanted: 'c1c1c1' }],
    ['c1c1c', { target: 'c1c1c', wanted: 'latest' }],
    ['mail/', { wanted: 'mail/' }],
    ['/mail', { wanted: '/mail' }],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseSnapshotSpec(text), spec));
  }
});

describe('openSnapshot', () => {
  it('takes the nearest vault that has it, tells what did not serve, and leaves nothing else open', async () => {
    const host = hostOf({
      gone: vaultErrors.VAULT_GONE({ path: '/gone' }),
      empty: [],
      hdd: entries,
      nas: entries,
    });
    const { opened, entry: found } = await openSnapshot(parseSnapshotSpec('mail'), {}, host.parts);
    assert.deepEqual([opened.name, found.place], ['hdd', 'daily/mail/2026-11-22']);
    assert.deepEqual(host.told(), ['next-vault gone']);
    assert.deepEqual(host.open, ['hdd']);
  });

  it('goes past a vault without its password, or that somebody holds, unless it is the only one', async () => {
    const path = '/repository';
    for (const [code, error] of [
      ['VAULT_WRONG_PASSWORD', repositoryErrors.VAULT_WRONG_PASSWORD({ path })],
      ['POLICY_SECRET_MISSING', policyErrors.POLICY_SECRET_MISSING({ from: '/root/password' })],
      ['VAULT_LOCKED', vaultErrors.VAULT_LOCKED({ path })],
    ] as const) {
      const host = hostOf({ safe: error, nas: entries });
      assert.equal((await openSnapshot(parseSnapshotSpec('mail'), {}, host.parts)).opened.name, 'nas');
      assert.deepEqual(host.told(), ['next-vault safe']);
      const alone = openSnapshot(parseSnapshotSpec('mail'), { vault: 'safe' }, host.parts);
      await assert.rejects(alone, refused(code));
    }
  });

  it('looks in the named vault alone', async () => {
    const host = hostOf({ hdd: entries, nas: [] });
    const look = openSnapshot(parseSnapshotSpec('mail'), { vault: 'nas' }, host.parts);
    await assert.rejects(look, refused('SNAPSHOT_NOT_FOUND'));
    assert.deepEqual(host.open, []);
  });

  it('tells what is out of reach rather than that there is nothing', async () => {
    const host = hostOf({ empty: [], gone: vaultErrors.VAULT_GONE({ path: '/gone' }) });
    await assert.rejects(openSnapshot(parseSnapshotSpec('mail'), {}, host.parts), refused('VAULT_GONE'));
  });

  it('takes a word for a target where there is one of that name, else for an id', async () => {
    const facade = entry('daily/facade/2026-11-22', { time: '2026-11-22T02:00Z', id: 'e1' });
    const other = entry('daily/mail/2026-11-22', { time: '2026-11-22T03:00Z', id: 'facade' });
    const place = async (list: readonly SnapshotEntry[]) =>
      (await openSnapshot(parseSnapshotSpec('facade'), {}, hostOf({ hdd: list }).parts)).entry.place;
    assert.equal(await place([facade, other]), 'daily/facade/2026-11-22');
    assert.equal(await place([other]), 'daily/mail/2026-11-22');
  });

  it('goes on to the next vault where the very snapshot is damaged, and warns of damage beside it', async () => {
    const reason = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    const damaged = { place: 'daily/mail/2026-11-22', reason };
    const rest = entries.filter(({ place }) => place !== damaged.place);
    const host = hostOf({ hdd: rest, nas: entries }, { hdd: [damaged] });
    const spec = parseSnapshotSpec(damaged.place);
    assert.equal((await openSnapshot(spec, {}, host.parts)).opened.name, 'nas');
    assert.deepEqual(host.told(), ['next-vault hdd']);
    await assert.rejects(openSnapshot(spec, { vault: 'hdd' }, host.parts), refused('SNAPSHOT_DAMAGED'));

    const beside = hostOf({ hdd: rest }, { hdd: [damaged] });
    await openSnapshot(parseSnapshotSpec('mail/2026-11-21'), {}, beside.parts);
    assert.deepEqual(beside.told(), ['snapshot-unreadable hdd']);
  });

  it('passes on what is no fault of a vault', async () => {
    const host = hostOf({ hdd: new TypeError('a bug'), nas: entries });
    await assert.rejects(openSnapshot(parseSnapshotSpec('mail'), {}, host.parts), TypeError);
  });
});

/** Vaults that do nothing but list what they are given, or fail to open. */
function hostOf(
  vaults: Readonly<Record<string, readonly SnapshotEntry[] | Error>>,
  unreadable: Readonly<Record<string, readonly UnreadableSnapshot[]>> = {},
) {
  const events: Event[] = [];
  const open: string[] = [];
  const openVault = async (name: string): Promise<OpenedVault> => {
    const snapshots = vaults[name];
    if (snapshots === undefined || snapshots instanceof Error) throw snapshots;
    open.push(name);
    const vault = {
      list: async () => ({ snapshots, unreadable: unreadable[name] ?? [] }),
      close: async () => void open.splice(open.indexOf(name), 1),
    };
    return { name, vault: vault as unknown as OpenedVault['vault'] };
  };
  const parts = {
    openVault,
    vaults: Object.keys(vaults),
    emit: (event: Event) => events.push(event),
    signal: new AbortController().signal,
    clock: { now: () => now, elapsed: () => 0 },
  };
  const told = () =>
    events.map((event) => (event.type === 'warning' ? `${event.code} ${event.facts.vault}` : event.type));
  return { parts: parts as unknown as Parts, told, open };
}
