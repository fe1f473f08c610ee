/**
 * An intruder with root on the host, the keys that lie there and the repository's password, or even the keys of whoever owns
 * the bucket, on a real S3 server with Object Lock. After each attack every snapshot from before comes back byte for byte, on a
 * clean host. The short run tries a few of the attacks by HIKAE_SEED, HIKAE_LONG=1 all of them; HIKAE_LONG=1 UPDATE_GOLDEN=1
 * writes the table of docs/attacks.md anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bucketPolicy } from '../../src/cloud/bucket-policy.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import { cephArena } from './arena.ts';
import { attacks, awsOnly } from './attacks.ts';
import { DAY, wantedOf } from './ground.ts';
import { attackSuite } from './suite.ts';
import { attackTable, awsTable, timesIn } from './table.ts';

const isLong = process.env.HIKAE_LONG === '1';
const FEW = 5;
const random = seededRandom(Number(process.env.HIKAE_SEED ?? Date.now() % 1_000_000));
const chosen = isLong ? attacks : some(attacks, FEW);
const pages = { en: '../../docs/attacks.md', ja: '../../docs/attacks.ja.md' } as const;
const pageOf = (language: keyof typeof pages) => new URL(pages[language], import.meta.url);

const times = attackSuite({
  where: 'buckets with Object Lock',
  open: cephArena,
  attacks: chosen,
  apart: true,
  restored: (promised) => (isLong ? promised : some(promised, 1)),
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
    const place = { bucket: 'some', prefix: 'rental' };
    const lockedIn = {
      region: 'us-east-1',
      lock: { mode: 'compliance', for: 7 * DAY, generation: DAY },
    } as const;
    const { Statement } = bucketPolicy({ ...wantedOf(place, lockedIn), aws: true });
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
