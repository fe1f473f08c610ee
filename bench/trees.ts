/** The trees that are measured with. */
import { execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../src/vault/seeded-random.ts';

export interface Counted {
  readonly files: number;
  readonly bytes: number;
}

const LEAST: Counted = { files: 40_000, bytes: 1.5e9 };
const MOST_BYTES = 2e9;
/** what a file takes where there are many of them */
const USUAL = 20_000;

/** Regular files below a folder, and their size. */
export function countFiles(folder: string): Counted {
  const sizes = find(folder, '%s\\n').split('\n').slice(0, -1);
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + Number(size), 0) };
}

/**
 * Copies subfolders of /usr, chosen by the seed, until there is enough; the same ones for the same seed and machine.
 * `scale` makes it smaller.
 */
export function copyOfUsr(to: string, seed: number, scale = 1): Counted {
  mkdirSync(to);
  const least = { files: LEAST.files * scale, bytes: LEAST.bytes * scale };
  const total = { files: 0, bytes: 0 };
  for (const folder of shuffled(subfolders('/usr'), seed)) {
    if (total.files >= least.files && total.bytes >= least.bytes) break;
    const { files, bytes } = countFiles(folder);
    const missing = Math.max(0, least.files - total.files - files);
    // A few large folders must not take the room of the many files that are still wanted.
    if (files === 0 || total.bytes + bytes + missing * USUAL > MOST_BYTES * scale) continue;
    // From the root: coreutils 9.1 looks for the folders above relative to where it runs.
    execFileSync('cp', ['-a', '--parents', folder, to], { cwd: '/' });
    total.files += files;
    total.bytes += bytes;
  }
  return total;
}

/** The folders two levels down: small enough to choose from, large enough to be like a server's data. */
function subfolders(top: string): string[] {
  return ['bin', 'include', 'lib', 'share', 'local', 'src']
    .map((name) => join(top, name))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
    .flatMap((path) =>
      readdirSync(path, { withFileTypes: true }).flatMap((one) =>
        one.isDirectory() ? [join(path, one.name)] : [],
      ),
    )
    .sort();
}

function shuffled(items: readonly string[], seed: number): string[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Gives one file in a hundred other content, chosen by the seed. */
export function changeSome(folder: string, seed: number): number {
  const random = seededRandom(seed);
  const paths = find(folder, '%p\\0').split('\0').slice(0, -1).sort();
  const chosen = paths.filter(() => random() < 0.01);
  for (const name of chosen) {
    const path = Buffer.from(name, 'latin1');
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from(`changed ${seed}\n`)]));
  }
  return chosen.length;
}

/** Files of 1 KB to `most` bytes that look like messages, four hundred to a folder. */
export function messages(to: string, count: number, seed: number, most = 8192): void {
  const random = seededRandom(seed);
  const text = textOf(random, 100_000);
  for (let file = 0; file < count; file++) {
    const folder = join(to, `folder-${Math.floor(file / 400)}`);
    if (file % 400 === 0) mkdirSync(folder, { recursive: true });
    const from = Math.floor(random() * (text.length - most));
    const body = text.slice(from, from + 1024 + Math.floor(random() * (most - 1024)));
    writeFileSync(join(folder, `message-${file}`), `Message-ID: <${file}@example.org>\n\n${body}`);
  }
}

/** One file of text that repeats nothing for long, or of what no program makes smaller. */
export function largeFile(path: string, bytes: number, kind: 'text' | 'random', seed: number): void {
  const random = seededRandom(seed);
  const key = Buffer.alloc(32, seed);
  const noise = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(1024 * 1024);
  const file = openSync(path, 'w');
  try {
    for (let written = 0; written < bytes; ) {
      const part = kind === 'random' ? noise.update(zeros) : Buffer.from(textOf(random, 1024 * 1024));
      written += writeSync(file, part, 0, Math.min(part.length, bytes - written));
    }
  } finally {
    closeSync(file);
  }
}

const words =
  'mail order shipped customer invoice Tokyo Osaka rental company returned window please payment received thank you delivery address phone account password reset'.split(
    ' ',
  );

function textOf(random: () => number, length: number): string {
  const parts: string[] = [];
  for (let size = 0; size < length; ) {
    const word = words[Math.floor(random() * words.length)] as string;
    const part = random() < 0.2 ? `${word} ${Math.floor(random() * 1e9)}\n` : `${word} `;
    parts.push(part);
    size += part.length;
  }
  return parts.join('').slice(0, length);
}

/** Empty files, a thousand to a folder: names and attributes alone. */
export function emptyFiles(to: string, count: number): void {
  for (let file = 0; file < count; file++) {
    const folder = join(to, `folder-${Math.floor(file / 1000)}`);
    if (file % 1000 === 0) mkdirSync(folder, { recursive: true });
    closeSync(openSync(join(folder, `file-${file}`), 'w'));
  }
}

function find(folder: string, format: string): string {
  const argv = [folder, '-type', 'f', '-printf', format];
  return execFileSync('find', argv, { encoding: 'latin1', maxBuffer: 1024 * 1024 * 1024 });
}
