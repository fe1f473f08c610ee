import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HikaeError } from '../../base/errors.ts';
import { keyFrom } from '../key.ts';
import { namedDiskError } from './disk-errors.ts';

const named: readonly (readonly [string, string, boolean])[] = [
  ['ENOSPC', 'STORAGE_FULL', false],
  ['EROFS', 'STORAGE_REFUSED', false],
  ['ESTALE', 'STORAGE_INTERRUPTED', true],
  ['ETIMEDOUT', 'STORAGE_INTERRUPTED', true],
  ['ENOENT', 'STORAGE_NOT_FOUND', false],
  ['EIO', 'STORAGE_FAILED', false],
];
for (const [code, name, transient] of named) {
  it(`${code} is told as ${name}`, () => {
    const call = { storage: '/mnt/nas', operation: 'read', key: keyFrom('a/b') } as const;
    const error = namedDiskError(call, Object.assign(new Error(`${code}: said`), { code }));
    assert.ok(error instanceof HikaeError);
    assert.deepEqual([error.code, error.transient], [name, transient]);
    assert.match(error.message, /a\/b/);
  });
}

it('what no disk says passes as it is', () => {
  const reason = new Error('cancelled');
  assert.equal(namedDiskError({ storage: '/', operation: 'put', key: '' }, reason), reason);
});
