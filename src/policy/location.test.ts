import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLocation } from './location.ts';

describe('parseLocation', () => {
  test('reads a folder', () => {
    assert.deepEqual(parseLocation('/mnt//disk/'), { kind: 'local', path: '/mnt/disk' });
  });

  test('reads sftp', () => {
    assert.deepEqual(parseLocation('sftp://backupuser@backup01/backup'), {
      kind: 'sftp',
      user: 'backupuser',
      host: 'backup01',
      port: undefined,
      path: '/backup',
    });
    assert.deepEqual(parseLocation('sftp://[fe80::1]:2222/'), {
      kind: 'sftp',
      user: undefined,
      host: '[fe80::1]',
      port: 2222,
      path: '/',
    });
  });

  test('reads s3', () => {
    assert.deepEqual(parseLocation('s3://system-backup-workstation/rental/'), {
      kind: 's3',
      bucket: 'system-backup-workstation',
      prefix: 'rental',
    });
    assert.deepEqual(parseLocation('s3://bucket'), { kind: 's3', bucket: 'bucket', prefix: '' });
  });

  for (const text of [
    '',
    'relative',
    '/a/../b',
    '/a\n',
    'sftp://user:password@host/x',
    'sftp://host',
    'sftp://host:0/x',
    'sftp://host:99999/x',
    'sftp://host/a/../b',
    's3://Bucket/x',
    's3://ab/x',
    's3://bucket/../x',
    'https://host/x',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseLocation(text), undefined));
  }
});
