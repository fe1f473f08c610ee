/**
 * A mail server and its users: delivers into `new`, moves to `cur`, sets and takes flags, and expunges only messages that
 * it delivered itself, as fast as it can, until it is ended. The names of those begin with `live`.
 */
import { readdirSync, renameSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [maildir = ''] = process.argv.slice(2);
const inNew = readdirSync(join(maildir, 'new'));
const inCur = readdirSync(join(maildir, 'cur'));
const flagSets = ['', 'S', 'RS', 'F', 'FS'];
let delivered = 0;
let state = 1;
writeSync(1, 'ready\n');
for (;;) {
  const choice = random(10);
  if (choice === 0) deliver();
  else if (choice === 1 && inNew.length > 0) see();
  else if (choice === 2) expunge();
  else if (inCur.length > 0) flag(random(inCur.length));
}

function deliver(): void {
  if (inNew.length + inCur.length > 600) return;
  const name = `live${delivered++}.host`;
  writeFileSync(join(maildir, 'tmp', name), `message ${name}\n`);
  renameSync(join(maildir, 'tmp', name), join(maildir, 'new', name));
  inNew.push(name);
}

function see(): void {
  const [name = ''] = inNew.splice(random(inNew.length), 1);
  renameSync(join(maildir, 'new', name), join(maildir, 'cur', `${name}:2,`));
  inCur.push(`${name}:2,`);
}

function flag(at: number): void {
  const name = inCur[at] ?? '';
  const next = name.replace(/:2,.*$/, `:2,${flagSets[random(flagSets.length)]}`);
  if (next === name) return;
  renameSync(join(maildir, 'cur', name), join(maildir, 'cur', next));
  inCur[at] = next;
}

function expunge(): void {
  const at = inCur.findIndex((name) => name.startsWith('live'));
  if (at < 0) return;
  const [name = ''] = inCur.splice(at, 1);
  unlinkSync(join(maildir, 'cur', name));
}

/** Numerical Recipes' generator: the same traffic each time. */
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
