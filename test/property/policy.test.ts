/** Whatever a policy file says, it is either taken or its mistakes are told, each at a place in the file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkPolicy } from '../../src/policy/load.ts';

const seed = Number(process.env.HIKAE_SEED ?? Date.now() % 2 ** 31);
const numRuns = process.env.HIKAE_LONG === '1' ? 20_000 : 300;
const host = { hostname: 'host', timezone: 'UTC', file: '/etc/hikae/policy.yaml' };
const examples = ['rental', 'company', 'mailserver'].map((name) =>
  readFileSync(new URL(`../../examples/${name}.yaml`, import.meta.url), 'utf8'),
);

function isTold(text: string): void {
  const checked = checkPolicy(text, host);
  if (checked.ok) return;
  assert.ok(checked.mistakes.length > 0, 'refused without a reason');
  const lines = text.split('\n').length;
  for (const { line, column, text: told } of checked.mistakes) {
    assert.ok(line >= 1 && line <= lines, `line ${line} of ${lines}`);
    assert.ok(column >= 1);
    assert.ok(told.en !== '' && told.ja !== '');
  }
}

describe(`policy files (seed ${seed})`, () => {
  test('an example with something cut out, put in or exchanged', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '',
        ' ',
        ':',
        '- ',
        '[',
        '}',
        '"',
        '*',
        '&a ',
        '*a',
        '\n',
        '\t',
        '#',
        '!!map ',
        'null',
        '~',
        '0',
        '-1',
        '1e999',
        '<<: ',
      ),
      fc.string({ maxLength: 8 }),
    );
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat({ max: 60 }),
      piece,
    });
    const property = fc.property(
      fc.constantFrom(...examples),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (example, edits) => {
        let text = example;
        for (const { at, cut, piece } of edits) {
          const offset = Math.floor(at * text.length);
          text = text.slice(0, offset) + piece + text.slice(offset + cut);
        }
        isTold(text);
      },
    );
    fc.assert(property, { seed, numRuns });
  });

  test('any value in the place of any other', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const key = fc.constantFrom(
      'version',
      'host',
      'targets',
      'vaults',
      'schedules',
      'notify',
      'scan',
      'cost',
      'drill',
      'lang',
      'timezone',
      '__proto__',
      'constructor',
      'toString',
    );
    const section = fc.dictionary(
      fc.constantFrom('a', 'daily', 'to', 'at', 'plain', 'components', 'copyTo', 'files'),
      value,
    );
    const property = fc.property(fc.dictionary(key, fc.oneof(value, section)), (file) => {
      isTold(JSON.stringify(file));
    });
    fc.assert(property, { seed, numRuns });
  });
});
