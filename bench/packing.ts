/**
 * Which level of gzip a dump should be packed with: how fast each is and how much it leaves, of the dumps that are named
 * (`script/bench packing DUMP.sql`), else of one that is made up.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { seededRandom } from '../src/vault/seeded-random.ts';
import { median } from './measure.ts';
import { formatRows } from './report.ts';

const MOST = 64_000_000;
const PART = 65_536;
const ROUNDS = 5;
const levels = [1, 2, 3, 4, 6, 9];
const words =
  'mail order shipped customer invoice Tokyo Osaka rental company returned window please payment received thank you delivery address phone account password reset'.split(
    ' ',
  );

const content = sample(argv.slice(2));
const speeds = new Map<number, number[]>(levels.map((level) => [level, []]));
const left = new Map<number, number>();
for (let round = 0; round < ROUNDS; round++) {
  for (const level of levels) {
    const begun = performance.now();
    left.set(level, await packedSize(content, level));
    speeds.get(level)?.push(content.length / 1000 / (performance.now() - begun));
  }
}
const rows = levels.map((level) => [
  `${level}`,
  median(speeds.get(level) ?? []).toFixed(0),
  (((left.get(level) ?? 0) / content.length) * 100).toFixed(1),
]);
process.stdout.write(
  `${(content.length / 1e6).toFixed(0)} MB, median of ${ROUNDS} rounds\n${formatRows([['level', 'MB/s', 'left %'], ...rows])}\n`,
);

async function packedSize(bytes: Buffer, level: number): Promise<number> {
  let size = 0;
  const count = new Writable({
    write(part: Buffer, _encoding, done) {
      size += part.length;
      done();
    },
  });
  await pipeline(Readable.from(parts(bytes)), createGzip({ level, chunkSize: PART }), count);
  return size;
}

function* parts(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PART) yield bytes.subarray(at, at + PART);
}

function sample(files: readonly string[]): Buffer {
  if (files.length > 0) return Buffer.concat(files.map((file) => readFileSync(file))).subarray(0, MOST);
  const random = seededRandom(1);
  const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value;
  const text = (length: number) => Array.from({ length }, () => pick(words)).join(' ');
  const rows: string[] = [];
  for (let size = 0, id = 1; size < MOST; id++) {
    const hash = createHash('md5').update(`${id}`).digest('hex');
    const who = `user${Math.floor(random() * 1e6)}@example.org`;
    const row = `INSERT INTO messages VALUES (${id},'${text(3)}','${who}',${Math.floor(random() * 1e9)},'${hash}','${text(22)}',NULL);\n`;
    rows.push(row);
    size += row.length;
  }
  return Buffer.from(rows.join(''));
}
