/** Laws of the plan: what is needed stays, once; and when all was done there is nothing more to do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BlobIndex } from '../blob-index.ts';
import type { BlobType, PackedBlob } from '../format/blob.ts';
import { type Fate, keptIn, type Plan, type PlanInput, planPacks } from './plan.ts';

interface World {
  readonly live: Map<string, readonly PackedBlob[]>;
  readonly marked: Map<string, { time: number; blobs: readonly PackedBlob[] }>;
  /** packs that no index names */
  readonly unknown: Map<string, number>;
  readonly needed: ReadonlySet<string>;
}

const HOUR = 3_600_000;
const GRACE = 23 * HOUR;
const NOW = 1_000 * HOUR;

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

function packOf(type: BlobType, sizes: readonly (readonly [blob: number, length: number])[]): PackedBlob[] {
  let offset = 0;
  return sizes.map(([blob, length]) => {
    offset += length;
    return {
      type,
      id: idOf(`${type} ${blob}`),
      offset: offset - length,
      length,
      plainLength: undefined,
    };
  });
}

function sizeOf(blobs: readonly PackedBlob[]): number {
  return blobs.reduce((sum, { length }) => sum + length, 100);
}

function planFor(
  world: World,
  now = NOW,
  {
    mayGo = () => true,
    grace = GRACE,
    copies = true,
  }: Partial<Pick<PlanInput, 'mayGo' | 'grace' | 'copies'>> = {},
): Plan {
  const blobs = new BlobIndex(0);
  const present = new Map(world.unknown);
  const all = [...world.live, ...[...world.marked].map(([pack, one]) => [pack, one.blobs] as const)];
  for (const [pack, content] of all) {
    blobs.addPack(pack, content);
    present.set(pack, sizeOf(content));
  }
  const needed = blobs.newMarks();
  for (const key of world.needed) {
    const [type, id = ''] = key.split(' ');
    blobs.mark(needed, type as BlobType, id);
  }
  const marked = new Map([...world.marked].map(([pack, { time }]) => [pack, time]));
  const live = new Set(world.live.keys());
  return planPacks({ catalog: { blobs, live, marked }, needed, present, now, grace, mayGo, copies });
}

/** The world after the plan was done. */
function after(world: World, plan: Plan, now = NOW): World {
  const live = new Map<string, readonly PackedBlob[]>();
  const marked: World['marked'] = new Map();
  const copied: PackedBlob[] = [];
  for (const { pack, fate } of plan.packs) {
    const blobs = world.live.get(pack) ?? world.marked.get(pack)?.blobs ?? [];
    const isKept = (blob: PackedBlob) =>
      world.needed.has(`${blob.type} ${blob.id}`) && keptIn(plan.keepers, blob, pack);
    if (fate === 'keep' || fate === 'recover') live.set(pack, blobs);
    if (fate === 'mark' || fate === 'copy') marked.set(pack, { time: now, blobs });
    if (fate === 'wait') marked.set(pack, { time: world.marked.get(pack)?.time ?? now, blobs });
    if (fate === 'copy') copied.push(...blobs.filter(isKept));
  }
  for (const type of ['data', 'tree'] as const) {
    const blobs = copied.filter((blob) => blob.type === type);
    let pack: PackedBlob[] = [];
    const close = () => {
      if (pack.length > 0) live.set(idOf(JSON.stringify(pack)), pack);
      pack = [];
    };
    for (const blob of blobs) {
      pack.push({ ...blob, offset: sizeOf(pack) - 100 });
      if (sizeOf(pack) > 16 * 1024 * 1024) close();
    }
    close();
  }
  return { live, marked, unknown: new Map(), needed: world.needed };
}

function heldBy({ live }: Pick<World, 'live'>): Set<string> {
  return new Set([...live.values()].flat().map(({ type, id }) => `${type} ${id}`));
}

/** From some bytes to two megabytes, always the same for one blob. */
function lengthOf(blob: number): number {
  return 40 + Math.floor((Number.parseInt(idOf(String(blob)).slice(0, 6), 16) / 2 ** 24) ** 3 * 2_000_000);
}

const content = fc
  .tuple(
    fc.constantFrom<BlobType>('data', 'tree'),
    fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 12 }),
  )
  .map(([type, blobs]) =>
    packOf(
      type,
      blobs.map((blob) => [blob, lengthOf(blob)]),
    ),
  );

const worlds = fc
  .record({
    live: fc.array(content, { maxLength: 12 }),
    marked: fc.array(fc.tuple(content, fc.integer({ min: 1, max: 40 })), { maxLength: 4 }),
    unknown: fc.integer({ min: 0, max: 2 }),
    share: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ live, marked, unknown, share }): World => {
    const named = live.map((blobs, at) => [idOf(`live ${at}`), blobs] as const);
    const all = [...live, ...marked.map(([blobs]) => blobs)].flat();
    return {
      live: new Map(named),
      marked: new Map(
        marked.map(([blobs, hours], at) => [idOf(`marked ${at}`), { time: NOW - hours * HOUR, blobs }]),
      ),
      unknown: new Map(Array.from({ length: unknown }, (_, at) => [idOf(`unknown ${at}`), 500])),
      needed: new Set(
        all
          .filter(({ id }) => Number.parseInt(id.slice(0, 4), 16) % 40 < share)
          .map((b) => `${b.type} ${b.id}`),
      ),
    };
  });

describe('a plan', () => {
  it('keeps all that is needed, removes nothing before its time, and leaves nothing to do', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const plan = planFor(world);
        assert.deepEqual(plan.lost, []);
        assert.equal(plan.unknown, world.unknown.size);
        const fates = new Map(plan.packs.map(({ pack, fate }) => [pack, fate]));
        const all = new Set([...world.live.keys(), ...world.marked.keys(), ...world.unknown.keys()]);
        assert.deepEqual(new Set(fates.keys()), all);
        for (const [pack, fate] of fates) {
          const since = world.live.has(pack) ? undefined : world.marked.get(pack)?.time;
          if (fate === 'remove') assert.ok(since !== undefined && NOW - since >= GRACE);
        }
        const next = after(world, plan);
        const held = heldBy(next);
        for (const key of world.needed) assert.ok(held.has(key), key);
        assert.deepEqual(changesOf(planFor(next)), []);
        const last = after(next, planFor(next, NOW + GRACE), NOW + GRACE);
        assert.equal(last.marked.size, 0);
        assert.deepEqual(heldBy(last), held);
      }),
    );
  });

  it('leaves at most a twentieth that nobody needs, and of trees nothing', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const next = after(world, planFor(world));
        const { packs } = planFor(next);
        const kept = packs.filter(({ fate }) => fate === 'keep');
        const needed = kept.reduce((sum, { neededBytes }) => sum + neededBytes, 0);
        const blobs = kept.reduce((sum, { blobBytes }) => sum + blobBytes, 0);
        assert.ok(blobs - needed <= 0.05 * blobs + 1, `${needed} of ${blobs}`);
        const trees = [...next.live.values()].flat().filter(({ type }) => type === 'tree');
        assert.equal(new Set(trees.map(({ id }) => id)).size, trees.length);
        assert.ok(trees.every(({ id }) => next.needed.has(`tree ${id}`)));
      }),
    );
  });

  it('without a time of grace removes at once', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const fates = planFor(world, NOW, { grace: 0 }).packs.map(({ fate }) => fate);
        assert.ok(!fates.includes('mark') && !fates.includes('wait'));
      }),
    );
  });

  it('touches nothing that may not go, and holds what nobody needs of it', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { packs } = planFor(world, NOW, { mayGo: () => false });
        const fates = new Set<Fate>(packs.map(({ fate }) => fate));
        assert.deepEqual(
          [...fates].sort(),
          [...fates].filter((fate) => /hold|keep|recover/.test(fate)).sort(),
        );
        const unneeded = packs.filter(({ neededBytes }) => neededBytes === 0);
        assert.ok(unneeded.every(({ fate }) => fate === 'hold'));
      }),
    );
  });

  it('that may not copy does with all that is not needed in part what it does otherwise', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { packs } = planFor(world, NOW, { copies: false });
        const others = planFor(world).packs.filter(({ fate }) => fate !== 'copy');
        const fates = new Map(packs.map(({ pack, fate }) => [pack, fate]));
        for (const { pack, fate } of others) assert.equal(fates.get(pack), fate);
        assert.ok(!packs.some(({ fate }) => fate === 'copy'));
      }),
    );
  });
});

function changesOf({ packs }: Plan): readonly string[] {
  return packs
    .filter(({ fate }) => fate !== 'keep' && fate !== 'wait')
    .map(({ pack, fate }) => `${fate} ${pack}`);
}

describe('packs of certain kinds', () => {
  const data = packOf('data', [[1, 5_000_000]]);
  const world = (parts: Partial<World>): World => ({
    live: new Map(),
    marked: new Map(),
    unknown: new Map(),
    needed: new Set([`data ${idOf('data 1')}`]),
    ...parts,
  });
  const fatesOf = (one: World) =>
    Object.fromEntries(planFor(one).packs.map(({ pack, fate }) => [pack, fate]));

  it('a marked pack that alone has what is needed is recovered, however old its mark is', () => {
    const marked = new Map([['a', { time: 0, blobs: data }]]);
    assert.deepEqual(fatesOf(world({ marked })), { a: 'recover' });
  });

  it('a marked pack whose content was stored anew goes all the same', () => {
    const marked = new Map([['a', { time: 0, blobs: data }]]);
    assert.deepEqual(fatesOf(world({ marked, live: new Map([['b', data]]) })), { a: 'remove', b: 'keep' });
  });

  it('of two copies one is kept', () => {
    const live = new Map([
      ['a', data],
      ['b', data],
    ]);
    assert.deepEqual(Object.values(fatesOf(world({ live }))).sort(), ['keep', 'mark']);
  });

  it('one that is gone costs what only it had', () => {
    const blobs = new BlobIndex(0);
    blobs.addPack('a', data);
    const needed = blobs.newMarks();
    blobs.mark(needed, 'data', idOf('data 1'));
    const catalog = { blobs, live: new Set(['a']), marked: new Map() };
    const input = { catalog, needed, now: NOW, grace: GRACE, mayGo: () => true, copies: true };
    const { lost } = planPacks({ ...input, present: new Map() });
    assert.deepEqual(lost, [{ type: 'data', id: idOf('data 1'), pack: 'a' }]);
    assert.equal(planPacks({ ...input, present: new Map([['a', 4_999_999]]) }).lost.length, 1);
    const { lost: none, packs } = planPacks({ ...input, needed: blobs.newMarks(), present: new Map() });
    assert.deepEqual(none, []);
    assert.equal(packs[0]?.fate, 'drop');
  });
});
