import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../script/reference-pages.ts';
import { commands } from '../../src/cli/commands.ts';
import { checkPolicy } from '../../src/policy/policy.ts';

const read = (name: string) => readFileSync(join(root, name), 'utf8');
const english = read('README.md');
const japanese = read('README.ja.md');

function blocksOf(text: string): string[] {
  return [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

/** The commands that a text tells people to type: the words after `hikae`, up to the first option. */
function commandsIn(text: string): string[] {
  const typed = [...text.matchAll(/`hikae ([a-z][a-z ]*)|^hikae ([a-z][a-z ]*)/gm)];
  return typed.map(([, quoted = '', alone = '']) => (quoted + alone).trim());
}

describe('the READMEs', () => {
  it('say the same to type in both languages', () => {
    assert.deepEqual(blocksOf(japanese), blocksOf(english));
    const headings = (text: string) => text.match(/^#+ /gm);
    assert.deepEqual(headings(japanese), headings(english));
  });

  it('show a policy of at most ten lines that is sound', async () => {
    const policy = /^```yaml\n(.*?)^```$/ms.exec(english)?.[1] ?? '';
    assert.ok(policy.trimEnd().split('\n').length <= 10);
    const checked = await checkPolicy(policy, { file: '/policy.yaml', hostname: 'host', timezone: 'UTC' });
    assert.deepEqual(checked.ok ? [] : checked.mistakes, []);
  });

  for (const [name, text] of Object.entries({ english, japanese })) {
    it(`name only commands that there are (${name})`, () => {
      const named = commandsIn(text);
      assert.ok(named.length > 5);
      const known = Object.keys(commands);
      const unknown = named.filter((words) => !known.some((one) => `${words} `.startsWith(`${one} `)));
      assert.deepEqual(unknown, []);
    });
  }
});
