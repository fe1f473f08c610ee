import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readModules } from './modules.ts';
import { cycles, faces, forbiddenImports, forbiddenUses, mayImport, unreadableImports } from './rules.ts';

const root = join(import.meta.dirname, '../..');

describe('the architecture', () => {
  const modules = readModules(root);

  it('has modules to look at', (t) => {
    assert.ok(modules.length > 20, `${modules.length} modules`);
    const largest = modules
      .filter((module) => !module.path.endsWith('.test.ts'))
      .sort((a, b) => b.lines - a.lines)
      .slice(0, 10);
    t.diagnostic(`largest files: ${largest.map(({ path, lines }) => `${path} ${lines}`).join(', ')}`);
  });

  it('imports only what the table of rooms allows, and other rooms by their face', () => {
    assert.deepEqual(forbiddenImports(modules), []);
    assert.deepEqual(unreadableImports(modules), []);
  });

  it('is told by ARCHITECTURE.md as it is enforced', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` \| [^|]* \| ([^|]*) \| ([^|]*) \|$/gm)];
    const told = rows.map(([, room = '', imports = '', face = '']) => [
      room,
      { imports: imports.split(', ').filter((one) => one !== '-'), face: /`(.*)`/.exec(face)?.[1] },
    ]);
    const enforced = Object.entries(mayImport).map(([room, imports]) => [
      room,
      { imports, face: faces[room]?.split('/').at(-1) },
    ]);
    assert.deepEqual(Object.fromEntries(told), Object.fromEntries(enforced));
  });

  it('has no cycles', () => assert.deepEqual(cycles(modules), []));

  it('touches process, clock and chance only where they are wired, and keeps no state in modules', () => {
    assert.deepEqual(forbiddenUses(modules), []);
  });
});

describe('the test of the architecture', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-architecture-'));
  after(() => rmSync(folder, { recursive: true }));
  const plant = (files: Readonly<Record<string, string>>) => {
    rmSync(join(folder, 'src'), { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      '{"compilerOptions":{"types":[],"noEmit":true},"include":["src"]}',
    );
    return readModules(folder);
  };

  const forbidden: readonly (readonly [string, string, string, RegExp])[] = [
    ['a static import', 'src/base/a.ts', "import { b } from '../model/b.ts';", /base may not import model/],
    ['a type', 'src/model/a.ts', "import type { B } from '../vault/vault.ts';", /model may not import vault/],
    [
      'a re-export',
      'src/ledger/a.ts',
      "export * from '../policy/policy.ts';",
      /ledger may not import policy/,
    ],
    [
      'a dynamic import',
      'src/cli/a.ts',
      "await import('../operations/b.ts');",
      /cli may not import operations/,
    ],
    ['an import in a type', 'src/storage/a.ts', "let a: import('../model/b.ts').B;", /storage may not/],
    ['a room that nobody knows', 'src/helpers/a.ts', "import '../base/b.ts';", /not in the table/],
    ['the inside of a room', 'src/operations/a.ts', "import '../vault/plain/b.ts';", /by its face/],
    ['a test', 'src/base/a.ts', "import './b.test.ts';", /is a test/],
    ['what is no source', 'src/base/a.ts', "import '../../test/b.ts';", /outside src/],
  ];
  for (const [what, path, text, complaint] of forbidden) {
    it(`finds ${what} where it is forbidden`, () => {
      const [found, ...more] = forbiddenImports(plant({ [path]: text }));
      assert.match(found ?? '', complaint);
      assert.deepEqual(more, []);
    });
  }

  it('finds a dynamic import that it cannot read', () => {
    const modules = plant({ 'src/app/a.ts': "const room = 'x';\nexport const b = import(room);" });
    assert.deepEqual(unreadableImports(modules), ['src/app/a.ts:2: import(room) is not a plain string']);
  });

  it('lets app and main open rooms from within, and tests reach for anything', () => {
    const modules = plant({
      'src/app/a.ts': "import '../vault/plain/b.ts';",
      'src/main.ts': "import './app/a.ts';",
      'src/base/a.test.ts': "import '../vault/plain/b.ts';\nlet count = 0;",
    });
    assert.deepEqual([...forbiddenImports(modules), ...forbiddenUses(modules)], []);
  });

  const uses: readonly (readonly [string, string])[] = [
    ['export const a = process.argv;', 'process (process)'],
    ['export const a = () => globalThis.process;', 'globalThis.process (process)'],
    ["import { argv } from 'node:process';", 'node:process (process)'],
    ['export const a = () => Date.now();', 'Date.now (clock)'],
    ['export const a = () => new Date();', 'new Date() (clock)'],
    ['export const a = () => performance.now();', 'performance.now (clock)'],
    ['export const a = () => Math.random();', 'Math.random (random)'],
    ['export const a = () => crypto.randomUUID();', 'crypto.randomUUID (random)'],
    ["import { createHash, randomBytes as b } from 'node:crypto';", 'randomBytes (random)'],
    ['let a = 0;', 'let (state)'],
    ['export const a = new Map<string, string>();', 'new Map() (state)'],
    ['const a: string[] = [];', '[] (state)'],
  ];
  for (const [text, what] of uses) {
    it(`finds ${what} in "${text}"`, () => {
      assert.deepEqual(forbiddenUses(plant({ 'src/model/a.ts': text })), [`src/model/a.ts:1: ${what}`]);
    });
  }

  it('leaves alone what only looks like it', () => {
    const text = [
      'export const a = (value: number) => new Date(value);',
      'export const b = { process: 1 }.process;',
      "export const c = new Set(['process', 'Date.now']);",
      'const none: readonly string[] = [];',
      'export function d(): number { let e = 0; return ++e; } // Date.now()',
    ].join('\n');
    assert.deepEqual(forbiddenUses(plant({ 'src/model/a.ts': text })), []);
  });

  it('finds a cycle, and tells it from two ways to the same file', () => {
    const circle = plant({
      'src/base/a.ts': "import './b.ts';",
      'src/base/b.ts': "import './c.ts';",
      'src/base/c.ts': "import type { A } from './a.ts';",
    });
    assert.deepEqual(cycles(circle), ['src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts']);
    const diamond = plant({
      'src/base/a.ts': "import './b.ts';\nimport './c.ts';",
      'src/base/b.ts': "import './c.ts';",
      'src/base/c.ts': '',
    });
    assert.deepEqual(cycles(diamond), []);
  });
});
