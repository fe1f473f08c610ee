/**
 * An intruder with root on the host, the keys that lie there and the repository's password, or even the keys of whoever owns
 * the bucket, on a real S3 server with Object Lock. After each attack every snapshot from before comes back byte for byte, on a
 * clean host. The short run tries a few of the attacks by HIKAE_SEED, HIKAE_LONG=1 all of them; HIKAE_LONG=1 UPDATE_GOLDEN=1
 * writes the table of docs/attacks.md anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { bucketPolicy } from '../../src/cloud/bucket-policy.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { Attack } from './attack.ts';
import { attacks, awsOnly } from './attacks.ts';
import { CleanHost } from './clean-host.ts';
import { DAY, type Field, Ground, LOCK, wantedOf } from './ground.ts';
import { attackTable, awsTable, timesIn } from './table.ts';

const isLong = process.env.HIKAE_LONG === '1';
const FEW = 5;
const random = seededRandom(Number(process.env.HIKAE_SEED ?? Date.now() % 1_000_000));
const chosen = isLong ? attacks : some(attacks, FEW);
const pages = { en: '../../docs/attacks.md', ja: '../../docs/attacks.ja.md' } as const;
const pageOf = (language: keyof typeof pages) => new URL(pages[language], import.meta.url);

/** Seconds that the restore of one snapshot took, by the attack's name. */
const times = new Map<string, number>();

describe('attacks on a bucket with Object Lock', { timeout: 900_000 }, () => {
  let ground: Ground;
  const fields = new Map<Attack, Field>();

  before(async () => {
    ground = await Ground.prepare();
    const { id, secret } = ground.ceph.reader ?? { id: '', secret: '' };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret });
    await Promise.all(chosen.map(async (attack) => fields.set(attack, await ground.field(attack.name))));
    await Promise.all([...fields.values()].map((field) => field.begin()));
  });
  after(async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    await ground?.leave();
  });

  for (const attack of chosen) {
    it(`${attack.title.en} (${attack.keys})`, async () => {
      const field = fields.get(attack);
      assert.ok(field !== undefined);
      await attack.attempt(field);
      using host = new CleanHost(field);
      const back = ['--as-of', new Date(field.safe).toISOString()];
      const began = performance.now();
      const promised = isLong ? field.promised : some(field.promised, 1);
      for (const snapshot of promised) await host.restores(snapshot, attack.reading === 'as of' ? back : []);
      times.set(attack.name, (performance.now() - began) / 1_000 / promised.length);

      const { status, proof } = await host.prove(field.promised.at(-1)?.id ?? '', back);
      const flaws = [...new Set(proof.findings.map(({ flaw }) => flaw))];
      assert.deepEqual([status, flaws], [attack.flaws.length === 0 ? 0 : 21, attack.flaws]);
      assert.ok((proof.protectedUntil ?? 0) > field.safe + LOCK.for - DAY);
      await attack.afterwards?.(field, host);
    });
  }
});

describe('the attacks', () => {
  it('are told in docs/attacks.md as they are tried', () => {
    const isUpdate = process.env.UPDATE_GOLDEN === '1';
    const measured = isLong && isUpdate ? times : timesIn(readFileSync(pageOf('en'), 'utf8'));
    for (const language of ['en', 'ja'] as const) {
      const tables = { attacks: attackTable(language, measured), aws: awsTable(language) };
      const before = readFileSync(pageOf(language), 'utf8');
      const page = Object.entries(tables).reduce(
        (text, [name, table]) => replaced(text, name, table),
        before,
      );
      if (isUpdate) writeFileSync(pageOf(language), page);
      assert.equal(readFileSync(pageOf(language), 'utf8'), page, 'UPDATE_GOLDEN=1 writes it anew');
    }
  });

  it('that only AWS stops have their statements in the policy of the bucket', () => {
    const { Statement } = bucketPolicy({ ...wantedOf('some'), aws: true });
    for (const { statement } of awsOnly)
      if (statement !== undefined)
        assert.ok(
          Statement.some(({ Sid }) => Sid.startsWith(statement)),
          statement,
        );
  });
});

/** What stands between two marks of a page. */
function replaced(page: string, name: string, table: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  assert.ok(from >= 0 && to > from, `no place for the table ${name}`);
  return page.slice(0, from + start.length) + table + page.slice(to);
}

function some<Item>(items: readonly Item[], count: number): readonly Item[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, left.length) }, () => {
    const [item] = left.splice(Math.floor(random() * left.length), 1);
    return item as Item;
  });
}
