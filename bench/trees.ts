/** The trees that are measured with. */
import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** Copies subfolders of /usr, chosen by the seed, until there is enough; the same ones for the same seed and machine. */
export function copyOfUsr(to: string, seed: number): Counted {
  mkdirSync(to);
  const total = { files: 0, bytes: 0 };
  for (const folder of shuffled(subfolders('/usr'), seed)) {
    if (total.files >= LEAST.files && total.bytes >= LEAST.bytes) break;
    const { files, bytes } = countFiles(folder);
    const missing = Math.max(0, LEAST.files - total.files - files);
    // A few large folders must not take the room of the many files that are still wanted.
    if (files === 0 || total.bytes + bytes + missing * USUAL > MOST_BYTES) continue;
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
  for (const path of chosen)
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from(`changed ${seed}\n`)]));
  return chosen.length;
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
