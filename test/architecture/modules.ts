/**
 * What the architecture test knows of a source file, read from the compiler's own syntax tree: TypeScript's package
 * brings the parser that compiles the project, so no second grammar has to keep up with the language. (The entry
 * point is called unstable; the version is pinned, and this file is all that uses it.)
 */
import { isAbsolute, join, relative } from 'node:path';
import { type Expression, type Node, NodeFlags, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isArrayLiteralExpression,
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNewExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isStringLiteral,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

export interface Import {
  /** a file of the project, relative to its root (`src/base/clock.ts`), or a package as it is written */
  readonly to: string;
  readonly inside: boolean;
  /** names imported, where the import lists them */
  readonly names: readonly string[];
  readonly line: number;
}

/** Something that a rule may forbid in the file it stands in. */
export interface Use {
  readonly what: string;
  readonly kind: 'process' | 'clock' | 'random' | 'state';
  readonly line: number;
}

export interface Module {
  /** relative to the project's root */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly uses: readonly Use[];
}

/** All modules below `src` of the project in `root`, whose tsconfig.json must include them. */
export function readModules(root: string): Module[] {
  const api = new API({ cwd: root });
  try {
    const config = join(root, 'tsconfig.json');
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (project === undefined) throw new Error(`no project in ${config}`);
    return project.rootFiles
      .filter((file) => isBelow(file, join(root, 'src')))
      .map((file) => {
        const source = project.program.getSourceFile(file);
        if (source === undefined) throw new Error(`${file} is not in the program`);
        return readModule(root, file, source);
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    api.close();
  }
}

function readModule(root: string, file: string, source: SourceFile): Module {
  const imports: Import[] = [];
  const uses: Use[] = [];
  const lineOf = (node: Node) => source.text.slice(0, node.getStart(source)).split('\n').length;

  const visit = (node: Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      const inside = specifier.startsWith('.');
      const to = inside ? relative(root, join(file, '..', specifier)) : specifier;
      imports.push({ to, inside, names: namesOf(node, source), line: lineOf(node) });
    }
    const use = useOf(node);
    if (use !== undefined) uses.push({ ...use, line: lineOf(node) });
    node.forEachChild(visit);
  };
  visit(source);
  for (const statement of source.statements) {
    const state = stateOf(statement, source);
    if (state !== undefined) uses.push({ kind: 'state', what: state, line: lineOf(statement) });
  }
  return { path: relative(root, file), lines: source.text.split('\n').length - 1, imports, uses };
}

/** The module that a node imports: `import … from`, `export … from`, `import()`, `import('…').Type`. */
function specifierOf(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (isImportTypeNode(node))
    return isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    const specifier = literal(argument);
    if (specifier === undefined) return `import(${argument?.getText() ?? ''})`;
    return specifier;
  }
  return undefined;
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && isStringLiteral(node) ? node.text : undefined;
}

function namesOf(node: Node, source: SourceFile): string[] {
  if (!isImportDeclaration(node)) return [];
  const names: string[] = [];
  const visit = (child: Node): void => {
    if (child.kind === SyntaxKind.ImportSpecifier) {
      const [name = ''] = child
        .getText(source)
        .replace(/^type\s+/, '')
        .split(/\s/);
      names.push(name);
    } else child.forEachChild(visit);
  };
  if (node.importClause !== undefined) visit(node.importClause);
  return names;
}

function useOf(node: Node): Omit<Use, 'line'> | undefined {
  if (isNewExpression(node) && isNamed(node.expression, 'Date') && (node.arguments ?? []).length === 0) {
    return { kind: 'clock', what: 'new Date()' };
  }
  if (isCallExpression(node) && isNamed(node.expression, 'Date')) return { kind: 'clock', what: 'Date()' };
  if (isPropertyAccessExpression(node)) {
    const of = isIdentifier(node.expression) ? node.expression.text : '';
    const name = node.name.text;
    const what = `${of}.${name}`;
    if (what === 'Date.now' || what === 'performance.now') return { kind: 'clock', what };
    if (what === 'Math.random' || (of === 'crypto' && isRandom(name))) return { kind: 'random', what };
    if (what === 'globalThis.process') return { kind: 'process', what };
  }
  if (isIdentifier(node) && node.text === 'process' && !isOnlyAName(node)) {
    return { kind: 'process', what: 'process' };
  }
  return undefined;
}

function isNamed(node: Expression, name: string): boolean {
  return isIdentifier(node) && node.text === name;
}

export function isRandom(name: string): boolean {
  return name === 'getRandomValues' || name.startsWith('random');
}

/** True where an identifier names a property and reads no variable: `run.process`, `{ process: 1 }`. */
function isOnlyAName(node: Node): boolean {
  const { parent } = node;
  if (isPropertyAccessExpression(parent)) return parent.name === node;
  if (isPropertyAssignment(parent)) return parent.name === node;
  return parent.kind === SyntaxKind.PropertySignature || parent.kind === SyntaxKind.PropertyDeclaration;
}

/** A statement at a module's top level that declares something changeable: a `let`, or a collection that starts empty. */
function stateOf(statement: Node, source: SourceFile): string | undefined {
  if (!isVariableStatement(statement)) return undefined;
  const { declarationList } = statement;
  if ((declarationList.flags & NodeFlags.Const) === 0) return 'let';
  for (const { initializer, type } of declarationList.declarations) {
    // What its type calls read-only is a constant that happens to be empty.
    if (initializer === undefined || /^readonly |^Readonly/.test(type?.getText(source) ?? '')) continue;
    if (isArrayLiteralExpression(initializer) && initializer.elements.length === 0) return '[]';
    if (isNewExpression(initializer) && (initializer.arguments ?? []).length === 0) {
      const { expression } = initializer;
      if (isIdentifier(expression) && /^(Weak)?(Map|Set)$/.test(expression.text))
        return `new ${expression.text}()`;
    }
  }
  return undefined;
}

function isBelow(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith('..') && !isAbsolute(path);
}
