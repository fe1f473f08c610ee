import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawPath } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';
import { encodeNode, parseNode } from './node-line.ts';

const node: Node = {
  path: 'a/b' as RawPath,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: 'root',
  group: 'root',
  mtime: 1n,
  ctime: 2n,
  inode: 3n,
  device: 4n,
  links: 1,
  size: 0,
  rdev: 0n,
  sha256: '0'.repeat(64),
  xattrs: [{ name: 'user.comment', value: Buffer.from('demo') }],
  holes: [],
};

describe('the line of a node', () => {
  it('keeps extended attributes that came from another thread, where a Buffer becomes a Uint8Array', () => {
    const sent = structuredClone(node);
    assert.ok(!Buffer.isBuffer(sent.xattrs[0]?.value));
    assert.equal(encodeNode(sent), encodeNode(node));
    assert.deepEqual(parseNode(encodeNode(sent)), node);
  });

  it('refuses a value that is not base64', () => {
    const line = encodeNode(node).replace(Buffer.from('demo').toString('base64'), '100,101,109,111');
    assert.throws(() => parseNode(line), /not base64/);
  });
});
