/** The rules of ARCHITECTURE.md, as functions from modules to what is wrong with them. */
import { isRandom, type Module, type Use } from './modules.ts';

/** Who may import whom, besides itself. `app` wires everything but what calls it. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  policy: ['base', 'model'],
  storage: ['base'],
  kernels: [],
  source: ['base', 'model'],
  scan: ['base', 'model'],
  vault: ['base', 'model', 'storage', 'kernels'],
  ledger: ['base', 'model'],
  report: ['base', 'model'],
  cloud: ['base', 'model', 'storage'],
  operations: ['base', 'model', 'policy', 'source', 'vault', 'ledger', 'cloud'],
  app: [
    'base',
    'model',
    'policy',
    'storage',
    'source',
    'scan',
    'vault',
    'ledger',
    'report',
    'cloud',
    'operations',
  ],
  cli: ['app', 'policy', 'model', 'base', 'report'],
  main: ['app', 'cli', 'base'],
};

/**
 * Rooms that outsiders enter by one file only. `base` and `model` are words that everybody uses, `operations` has one
 * file for each verb, `app` and `cli` one for each thing that is called: these have no single face.
 */
export const faces: Readonly<Record<string, string>> = {
  policy: 'src/policy/policy.ts',
  storage: 'src/storage/storage.ts',
  kernels: 'src/kernels/kernels.ts',
  source: 'src/source/source.ts',
  scan: 'src/scan/scan.ts',
  vault: 'src/vault/vault.ts',
  ledger: 'src/ledger/ledger.ts',
  cloud: 'src/cloud/cloud.ts',
  report: 'src/report/report.ts',
};

/** Rooms that may open others from within: they put the parts together. */
const wires: ReadonlySet<string> = new Set(['app', 'main']);

/** Where the outside world may be touched, and why there. */
const worldly: Readonly<Record<Use['kind'], (path: string) => boolean>> = {
  // Children get a process group of their own, and only process.kill can signal a group. The watchdog is a program.
  process: (path) =>
    isWiring(path) || path === 'src/base/child-process.ts' || path === 'src/source/docker-volume/watchdog.ts',
  clock: (path) => isWiring(path) || path === 'src/base/clock.ts',
  random: isWiring,
  // The formatters of time zones are remembered: values of a pure function, which nobody can tell from new ones.
  state: (path) => path === 'src/base/calendar.ts',
};

function isWiring(path: string): boolean {
  return wires.has(roomOf(path) ?? '');
}

/** The first folder below src; `main` for what lies directly in it. */
export function roomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split('/');
  if (top !== 'src' || room === undefined) return undefined;
  return rest.length === 0 ? 'main' : room;
}

export function forbiddenImports(modules: readonly Module[]): string[] {
  return shipped(modules).flatMap((module) =>
    module.imports
      .filter((one) => one.inside)
      .flatMap((one) => {
        const wrong = whyForbidden(module.path, one.to);
        return wrong === undefined ? [] : [`${module.path}:${one.line}: ${wrong}`];
      }),
  );
}

function whyForbidden(from: string, to: string): string | undefined {
  const here = roomOf(from) ?? '';
  const there = roomOf(to);
  if (there === undefined) return `${to} lies outside src`;
  if (isTest(to)) return `${to} is a test`;
  const allowed = mayImport[here];
  if (allowed === undefined) return `the room ${here} is not in the table`;
  if (here === there) return undefined;
  if (!allowed.includes(there)) return `${here} may not import ${there} (${to})`;
  const face = faces[there];
  if (face !== undefined && to !== face && !wires.has(here)) {
    return `${here} must enter ${there} by its face ${face}, not by ${to}`;
  }
  return undefined;
}

/** Dynamic imports whose target can't be read from the source, which would slip past the table. */
export function unreadableImports(modules: readonly Module[]): string[] {
  return shipped(modules).flatMap((module) =>
    module.imports
      .filter((one) => one.to.startsWith('import('))
      .map((one) => `${module.path}:${one.line}: ${one.to} is not a plain string`),
  );
}

export function forbiddenUses(modules: readonly Module[]): string[] {
  return shipped(modules).flatMap((module) => {
    const uses: Use[] = [...module.uses];
    for (const { to, names, line } of module.imports) {
      if (to === 'node:process' || to === 'process') uses.push({ kind: 'process', what: to, line });
      if (/^(node:)?crypto$/.test(to)) {
        for (const name of names.filter(isRandom)) uses.push({ kind: 'random', what: name, line });
      }
    }
    return uses
      .filter((use) => !worldly[use.kind](module.path))
      .map((use) => `${module.path}:${use.line}: ${use.what} (${use.kind})`);
  });
}

/** Circles of imports between files, each as the way round. */
export function cycles(modules: readonly Module[]): string[] {
  const graph = new Map(
    modules.map((module) => [module.path, module.imports.filter((i) => i.inside).map((i) => i.to)]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const follow = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) {
      found.push([...way.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) follow(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) follow(path, []);
  return found;
}

/** Unit tests lie beside the code and may reach for whatever they test it with. */
function shipped(modules: readonly Module[]): Module[] {
  return modules.filter((module) => !isTest(module.path));
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}
