/** The package as a user gets it: packed, installed elsewhere, run. Only this shows what is missing in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-package-'));
  after(() => rmSync(folder, { recursive: true }));
  // The installed command starts with the first `node` that it finds.
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const options = { cwd: root, env: { ...process.env, PATH, NODE_OPTIONS: '' }, maxBuffer: 16_777_216 };
  const prefix = join(folder, 'prefix');
  const hikae = join(prefix, 'bin/hikae');
  let files: string[] = [];

  before(async () => {
    const packed = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], options);
    const [report] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
    files = report.files.map(({ path }) => path);
    const tarball = join(folder, report.filename);
    await run('npm', ['install', '--global', '--prefix', prefix, '--ignore-scripts', tarball], options);
  });

  it('holds what it needs and nothing else', () => {
    for (const needed of [
      'dist/main.js',
      'package.json',
      'LICENSE',
      'README.md',
      'README.ja.md',
      'CHANGELOG.md',
    ]) {
      assert.ok(files.includes(needed), needed);
    }
    const strange = files.filter((file) =>
      /\.test\.|\.tsx?$|^(src|test|script|bench|node_modules)\//.test(file),
    );
    assert.deepEqual(strange, []);
  });

  it('shows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal((await run(hikae, ['--version'], options)).stdout, `hikae ${version}\n`);
  });

  it('knows the schema of its policy', async () => {
    const { stdout } = await run(hikae, ['policy', 'schema'], options);
    assert.deepEqual(
      JSON.parse(stdout),
      JSON.parse(readFileSync(join(root, 'docs/reference/policy.schema.json'), 'utf8')),
    );
  });

  it('brings everything back in the demonstration', async (t) => {
    const began = performance.now();
    const { stdout } = await run('script/demo', ['--with', hikae, '--lang', 'ja'], options);
    t.diagnostic(`the demonstration took ${Math.round((performance.now() - began) / 1000)} s`);
    assert.equal(stdout.match(/^✔ .*すべて、/gm)?.length, 4);
  });
});
