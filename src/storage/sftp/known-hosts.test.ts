import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fingerprintOf, judgeHostKey, keyTypeOf, knownKeyTypes } from './known-hosts.ts';

const folder = mkdtempSync(join(tmpdir(), 'hikae-known-'));
after(() => rmSync(folder, { recursive: true }));

/** The second field of what ssh-keygen makes. */
function makeKey(name: string, type: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, name)]);
  return readFileSync(join(folder, `${name}.pub`), 'utf8').split(' ')[1] ?? '';
}

const ed = makeKey('ed', 'ed25519');
const other = makeKey('other', 'ed25519');
const ecdsa = makeKey('ecdsa', 'ecdsa');
const bytes = (key: string) => Buffer.from(key, 'base64');
const nas = { name: 'nas.example', port: 22 };

test('a key is known, changed, unknown or revoked', () => {
  const file = `# ours\n\nnas.example,10.0.0.1 ssh-ed25519 ${ed} a comment\nelse ssh-ed25519 ${other}\n`;
  assert.deepEqual(judgeHostKey(file, nas, bytes(ed)), { is: 'known' });
  assert.deepEqual(judgeHostKey(file, { name: 'NAS.Example', port: 22 }, bytes(ed)), { is: 'known' });
  assert.deepEqual(judgeHostKey(file, { name: '10.0.0.1', port: 22 }, bytes(ed)), { is: 'known' });
  const changed = { is: 'changed', known: [fingerprintOf(bytes(ed))] };
  assert.deepEqual(judgeHostKey(file, nas, bytes(other)), changed);
  for (const host of [
    { name: 'nas', port: 22 },
    { name: 'nas.example', port: 2222 },
  ])
    assert.deepEqual(judgeHostKey(file, host, bytes(ed)), { is: 'unknown' });
  assert.deepEqual(judgeHostKey('', nas, bytes(ed)), { is: 'unknown' });
  assert.deepEqual(judgeHostKey(`${file}@revoked * ssh-ed25519 ${ed}\n`, nas, bytes(ed)), { is: 'revoked' });
  // A certificate authority signs keys and is none of a host.
  const authority = `@cert-authority *.example ssh-ed25519 ${ed}\n`;
  assert.deepEqual(judgeHostKey(authority, nas, bytes(ed)), { is: 'unknown' });
});

test('other ports, patterns and hashed names are understood as ssh does', () => {
  const known = (names: string, host = nas) => judgeHostKey(`${names} ssh-ed25519 ${ed}`, host, bytes(ed)).is;
  assert.equal(known('[nas.example]:2222', { ...nas, port: 2222 }), 'known');
  assert.equal(known('*.example'), 'known');
  assert.equal(known('na?.example'), 'known');
  assert.equal(known('*.example,!nas.example'), 'unknown');
  assert.equal(known('nasXexample'), 'unknown');
  for (const port of [22, 2222]) {
    const name = port === 22 ? 'nas.example' : '[nas.example]:2222';
    writeFileSync(join(folder, 'hashed'), `${name} ssh-ed25519 ${ed}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', join(folder, 'hashed')], { stdio: 'pipe' });
    const file = readFileSync(join(folder, 'hashed'), 'utf8');
    assert.match(file, /^\|1\|/);
    assert.deepEqual(judgeHostKey(file, { ...nas, port }, bytes(ed)), { is: 'known' });
    assert.deepEqual(judgeHostKey(file, { ...nas, port: 23 }, bytes(ed)), { is: 'unknown' });
  }
});

test('types and fingerprints are those of ssh-keygen', () => {
  const file = `nas.example ecdsa-sha2-nistp256 ${ecdsa}\nnas.example ssh-ed25519 ${ed}\n`;
  assert.deepEqual(knownKeyTypes(file, nas), ['ecdsa-sha2-nistp256', 'ssh-ed25519']);
  assert.equal(keyTypeOf(bytes(ecdsa)), 'ecdsa-sha2-nistp256');
  const said = execFileSync('ssh-keygen', ['-lf', join(folder, 'ed.pub')], { encoding: 'utf8' });
  assert.equal(said.split(' ')[1], fingerprintOf(bytes(ed)));
});
