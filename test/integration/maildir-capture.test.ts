/** Mail folders, at rest and under traffic. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { delay } from '../../src/base/abort.ts';
import { captureFiles } from '../../src/source/files/capture/capture.ts';
import { capture, filesOrigin, host } from '../doubles/read-capture.ts';

let folder = '';
let maildir = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-maildir-'));
  maildir = join(folder, 'Maildir');
  for (const name of ['', 'cur', 'new', 'tmp']) mkdirSync(join(maildir, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text = `message ${path}\n`): void {
  writeFileSync(join(maildir, path), text);
}

/** What comes after every batch of a capture, before the next is asked for. */
async function captureWhile(disturb: (batch: number) => void): Promise<Map<string, string | undefined>> {
  const signal = new AbortController().signal;
  const options = { component: 'c', signal, avoid: [], troubles: () => undefined };
  const captured = await captureFiles(filesOrigin({ roots: [maildir] }), options, host);
  const found = new Map<string, string | undefined>();
  let batches = 0;
  try {
    for await (const batch of captured.nodes()) {
      disturb(batches++);
      for (const { metadata, content } of batch) {
        if (content?.kind !== 'file') continue;
        found.set(metadata.path, content.moved()?.name);
        content.release();
      }
    }
  } finally {
    await captured.close();
  }
  return found;
}

describe('a mail folder', () => {
  test('is captured without what the mail server makes anew', async () => {
    put('cur/1.host:2,S');
    put('new/2.host');
    put('tmp/3.host');
    put('dovecot-uidlist');
    put('dovecot-uidlist.lock');
    put('dovecot.index.cache');
    put('dovecot.index');
    mkdirSync(join(maildir, '.Sent.lock'));
    const { paths, troubles } = await capture({ roots: [maildir] });
    assert.deepEqual(paths, [
      '',
      '.Sent.lock',
      'cur',
      'cur/1.host:2,S',
      'dovecot-uidlist',
      'new',
      'new/2.host',
      'tmp',
    ]);
    assert.deepEqual(troubles, []);
  });

  test('keeps two files that happen to share a name', async () => {
    put('cur/config', 'current');
    put('new/config', 'new');
    put('cur/1:2,');
    linkSync(join(maildir, 'cur/1:2,'), join(maildir, 'cur/1:2,S'));
    const { paths, at } = await capture({ roots: [maildir] });
    assert.deepEqual(paths, ['', 'cur', 'cur/1:2,', 'cur/1:2,S', 'cur/config', 'new', 'new/config', 'tmp']);
    assert.equal(at('cur/config').content?.toString(), 'current');
    assert.equal(at('new/config').content?.toString(), 'new');
  });

  test('a folder that has no tmp is an ordinary one', async () => {
    rmSync(join(maildir, 'tmp'), { recursive: true });
    put('x.lock');
    assert.ok((await capture({ roots: [maildir] })).paths.includes('x.lock'));
  });

  test('a message that is renamed after it was listed keeps its listed path', async () => {
    for (let index = 0; index < 300; index++) put(`cur/${String(index).padStart(3, '0')}.host:2,`);
    put('new/900.host');
    const found = await captureWhile((batch) => {
      if (batch !== 0) return;
      // 001 is in the batch that was handed over, 299 and 900 were listed only.
      renameSync(join(maildir, 'cur/001.host:2,'), join(maildir, 'cur/001.host:2,S'));
      renameSync(join(maildir, 'cur/299.host:2,'), join(maildir, 'cur/299.host:2,RS'));
      renameSync(join(maildir, 'new/900.host'), join(maildir, 'cur/900.host:2,S'));
    });
    assert.equal(found.get('cur/001.host:2,'), '001.host:2,S');
    assert.equal(found.get('cur/299.host:2,'), '299.host:2,RS');
    assert.equal(found.get('new/900.host'), '900.host:2,S');
    assert.equal(found.size, 301);
  });

  test('a message that was expunged after it was listed is a note', async () => {
    for (let index = 0; index < 300; index++) put(`cur/${String(index).padStart(3, '0')}.host:2,`);
    const told: string[] = [];
    const options = {
      component: 'c',
      signal: new AbortController().signal,
      avoid: [],
      troubles: ({ weight, code, path }: { weight: string; code: string; path: string }) => {
        told.push(`${weight} ${code} ${path}`);
      },
    };
    const captured = await captureFiles(filesOrigin({ roots: [maildir] }), options, host);
    let first = true;
    for await (const _ of captured.nodes()) {
      if (first) unlinkSync(join(maildir, 'cur/299.host:2,'));
      first = false;
    }
    await captured.close();
    assert.deepEqual(told, ['note vanished c/cur/299.host:2,']);
  });
});

describe('a mail folder under traffic', () => {
  let traffic: ChildProcess;
  afterEach(async () => {
    traffic.kill('SIGKILL');
    await once(traffic, 'close');
  });

  test('has every message that was there before, once, with its content, in ten captures', async () => {
    const messages = Array.from({ length: 400 }, (_, index) => `${1_700_000_000 + index}.M${index}P1.host`);
    for (const [index, message] of messages.entries()) {
      const path = index % 4 === 0 ? `new/${message}` : `cur/${message}:2,`;
      put(path, `message ${message}\n`);
    }
    const program = join(import.meta.dirname, 'programs/mail-traffic.ts');
    traffic = spawn(process.execPath, [program, maildir], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (traffic.stdout !== null) await once(traffic.stdout, 'data');
    let renamed = 0;
    for (let run = 0; run < 10; run++) {
      const { nodes, troubles } = await capture({ roots: [maildir] });
      const contents = new Map<string, number>();
      for (const { metadata, content } of nodes) {
        if (metadata.type !== 'file') continue;
        if (content === undefined) {
          assert.match(metadata.path, /\/live\d/, 'only what is expunged may be gone');
          continue;
        }
        const unique = metadata.path.replace(/^(cur|new)\//, '').replace(/:2,.*$/, '');
        assert.equal(content.toString(), `message ${unique}\n`);
        contents.set(unique, (contents.get(unique) ?? 0) + 1);
        if (metadata.path.endsWith('S')) renamed += 1;
      }
      const lost = messages.filter((message) => contents.get(message) !== 1);
      assert.deepEqual(lost, [], `run ${run}`);
      assert.deepEqual(
        [...contents].filter(([, count]) => count !== 1),
        [],
      );
      const problems = troubles.filter(({ weight }) => weight === 'problem');
      assert.deepEqual(problems, []);
      for (const { path } of troubles) assert.match(path, /\/live\d/);
      await delay(20, new AbortController().signal);
    }
    assert.ok(renamed > 0, 'there was traffic');
  });
});
