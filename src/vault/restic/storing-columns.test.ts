import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawName } from '../../base/raw-path.ts';
import { filesOf, packFiles, packResults, resultsOf } from './storing-columns.ts';
import type { FileItem, FileResult } from './storing-jobs.ts';

const listed = {
  mode: 0o4755,
  uid: 4_294_967_295,
  gid: 12,
  links: 1,
  size: 2 ** 40,
  inode: 2n ** 64n - 1n,
  device: 2n ** 63n,
  mtime: -1n,
  ctime: 1_764_000_000_123_456_789n,
};
const items: FileItem[] = ['a', 'name with spaces', '\u00e3\u0081\u0082', 'd', 'e', 'f'].map((name, at) => ({
  place: { directory: at + 20, name: name as RawName },
  listed: { ...listed, size: at * 1000 },
}));
const id = (digit: string) => digit.repeat(64);
const asListed = { kind: 'file', status: undefined, sha256: undefined, xattrs: [], changing: false } as const;

const results: FileResult[] = [
  { ...asListed, size: 0, content: [], newBytes: 0 },
  { ...asListed, size: 1000, content: [id('a')], newBytes: 1000 },
  { kind: 'vanished' },
  { ...asListed, size: 3000, content: [id('b')], newBytes: 0 },
  { ...asListed, size: 9, content: [id('c'), id('d')], sha256: id('e'), newBytes: 7, status: listed },
  { kind: 'unreadable', reason: 'EIO' },
];

describe('columns of files', () => {
  it('bring back what was put in', () => {
    assert.deepEqual(filesOf(structuredClone(packFiles(items))), items);
    const wide = { place: { directory: 3, name: 'x' as RawName }, listed };
    assert.deepEqual(filesOf(structuredClone(packFiles([wide]))), [wide]);
  });

  it('bring back what became of them', () => {
    const packed = packResults(items, (item) => results[items.indexOf(item)] as FileResult);
    assert.deepEqual([...resultsOf(structuredClone(packed), items)], results);
  });

  it('have room for few and for none', () => {
    assert.deepEqual(filesOf(packFiles([])), []);
    const none = packResults([], () => ({ kind: 'vanished' }));
    assert.deepEqual([...resultsOf(none, [])], []);
  });
});
