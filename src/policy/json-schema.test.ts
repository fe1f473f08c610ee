import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { policyJsonSchema, policyReference } from './json-schema.ts';

const reference = new URL('../../docs/reference/', import.meta.url);

describe('what is generated from the schema and committed', () => {
  for (const [name, generate] of [
    ['policy.schema.json', policyJsonSchema],
    ['policy.md', policyReference],
  ] as const) {
    test(`docs/reference/${name} is up to date`, async () => {
      const file = new URL(name, reference);
      const generated = generate();
      if (process.env.UPDATE_GOLDEN === '1') await writeFile(file, generated);
      assert.equal(await readFile(file, 'utf8'), generated, 'UPDATE_GOLDEN=1 writes it anew');
    });
  }

  test('every field has a description in both languages', () => {
    const sections = policyReference().split(/^## /m).slice(1);
    assert.ok(sections.length > 60);
    for (const section of sections) {
      const [title, , english, japanese] = section.split('\n');
      assert.ok(english, `${title} has no English description`);
      assert.match(japanese ?? '', /[\u3040-\u30ff\u4e00-\u9fff]/, `${title} has no Japanese description`);
    }
  });

  test('the JSON Schema refuses unknown keys everywhere', () => {
    const open: string[] = [];
    const look = (schema: unknown, path: string) => {
      if (typeof schema !== 'object' || schema === null) return;
      if ('properties' in schema && !('additionalProperties' in schema)) open.push(path);
      for (const [key, value] of Object.entries(schema)) look(value, `${path}/${key}`);
    };
    look(JSON.parse(policyJsonSchema()), '');
    assert.deepEqual(open, []);
  });

  test('defaults are told as they are written', () => {
    const { properties } = JSON.parse(policyJsonSchema());
    assert.equal(properties.targets.additionalProperties.properties.timeout.default, '10m');
    assert.equal(properties.targets.additionalProperties.properties.retry.properties.wait.default, '10s');
    assert.equal(properties.state.default, '/var/lib/hikae');
  });
});
