/** Compiles the kernels: the text of the module that holds them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
export const modulePath = join(root, 'src/kernels/module.ts');

const LINE = 100;

export async function compiledKernels(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hikae-kernels-'));
  try {
    const output = join(folder, 'kernels.wasm');
    const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
    const source = join(root, 'src/kernels/assembly/kernels.ts');
    const options = [
      '--runtime',
      'stub',
      '-O3',
      '--noAssert',
      '--disable',
      'sign-extension',
      '--outFile',
      output,
    ];
    await promisify(execFile)(execPath, [compiler, source, ...options], { cwd: root });
    return moduleText(await readFile(output));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function moduleText(wasm: Uint8Array): string {
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [
    '/** Made by script/build-kernels from src/kernels/assembly; a change here is overwritten. */',
    'export const kernels =',
    ...lines.map((line, at) => `  '${line}'${at === lines.length - 1 ? ';' : ' +'}`),
    '',
  ].join('\n');
}
