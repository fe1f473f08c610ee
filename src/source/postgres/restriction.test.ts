import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutRestriction } from './restriction.ts';

const dump = (body: string, word?: string) => {
  const [head, end] = word === undefined ? ['', ''] : [`\\restrict ${word}\n\n`, `\\unrestrict ${word}\n\n`];
  return `--\n-- PostgreSQL database dump\n--\n\n${head}${body}\n--\n-- PostgreSQL database dump complete\n--\n\n${end}`;
};

async function passed(text: string, sizes: readonly number[]): Promise<string> {
  async function* parts() {
    const bytes = Buffer.from(text);
    let at = 0;
    for (const size of sizes) {
      yield bytes.subarray(at, at + size);
      at += size;
    }
    yield bytes.subarray(at);
  }
  const out: Buffer[] = [];
  for await (const part of withoutRestriction(parts())) out.push(Buffer.from(part));
  return Buffer.concat(out).toString();
}

test('a dump is the same with and without a word, however it is cut into parts', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 12_000 }), sizes, async (length, cut) => {
      const body = `COPY t FROM stdin;\n\\\\unrestrict w0Rd\n${'行x\n'.repeat(length / 5)}`;
      assert.equal(await passed(dump(body, 'w0Rd'), cut), dump(body));
      assert.equal(await passed(dump(body), cut), dump(body));
    }),
    { numRuns: 60 },
  );
});
