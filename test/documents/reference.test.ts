import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { allErrors, referencePages, root } from '../../script/reference-pages.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';

describe('the reference', async () => {
  const pages = await referencePages();
  const errors = await allErrors();

  for (const [path, text] of pages) {
    it(`${path} is what script/generate-reference.ts makes`, () => {
      assert.equal(
        readFileSync(join(root, path), 'utf8'),
        text,
        'run: .node/node script/generate-reference.ts',
      );
    });
  }

  it('has every code once, and every code belongs to one table', () => {
    const codes = errors.map(({ code }) => code);
    assert.ok(codes.length > 20, `${codes.length} codes`);
    assert.deepEqual(codes, [...new Set(codes)]);
    for (const path of ['docs/reference/errors.md', 'docs/reference/errors.ja.md']) {
      const headings = [...(pages.get(path) ?? '').matchAll(/^## (.*)$/gm)].map(([, code]) => code);
      assert.deepEqual(headings, codes);
    }
  });

  it('has no error that nothing raises', () => {
    const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
      .join('\n');
    const uses = (code: string) => source.match(new RegExp(`\\b${code}\\b`, 'g'))?.length ?? 0;
    assert.deepEqual(
      errors.map(({ code }) => code).filter((code) => uses(code) < 2),
      [],
    );
  });

  for (const { code, spec, file } of errors) {
    it(`${code} says the same in both languages`, () => {
      assert.match(code, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/, file);
      assert.ok(exitCodes.some((known) => known.code === (spec.exit ?? 1)));
      for (const text of [spec.message, spec.hint]) {
        assert.match(text.ja, /[\u3040-\u30ff\u4e00-\u9fff]/, `${code}: no Japanese in "${text.ja}"`);
        assert.doesNotMatch(text.en, /[\u3040-\u30ff\u4e00-\u9fff]/);
      }
      const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
      const { message, hint } = spec;
      assert.deepEqual(placeholders(message.ja + hint.ja), placeholders(message.en + hint.en));
    });
  }
});
