import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bilingual } from '../base/language.ts';
import { policyErrors } from './errors.ts';
import { gapTexts } from './gap.ts';
import { mistakeTexts } from './mistakes.ts';

const face = fileURLToPath(new URL('policy.ts', import.meta.url));

describe('the face', () => {
  test('does not load zod, yaml or croner before they are needed', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const seen = [];
      registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) });
      await import(${JSON.stringify(face)});
      console.log(JSON.stringify(seen.filter((name) => !name.startsWith('.'))));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const seen: string[] = JSON.parse(stdout);
    assert.ok(seen.includes(face));
    assert.deepEqual(
      seen.filter((name) => name !== face && !name.startsWith('node:')),
      [],
    );
  });
});

describe('texts', () => {
  const tables: Record<string, Bilingual> = { ...mistakeTexts, ...gapTexts };
  for (const [code, { message, hint }] of Object.entries(policyErrors.specs)) {
    tables[`${code} message`] = message;
    tables[`${code} hint`] = hint;
  }
  test('say the same things in both languages', () => {
    const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const [name, { en, ja }] of Object.entries(tables)) {
      assert.deepEqual(placeholders(ja), placeholders(en), name);
    }
  });
});
