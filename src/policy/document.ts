/** A YAML text as plain data, and where each part of it stands. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { type Mistake, type MistakeCode, mistakeTexts } from './mistakes.ts';
import { say, type Words } from './wording.ts';

export type Path = readonly PropertyKey[];

/** Makes a mistake of what is at a path; `key` for the position of the key itself instead of that of its value. */
export type MistakeAt = (
  code: MistakeCode,
  path: Path,
  words?: Words,
  options?: { readonly key?: boolean; readonly suggestion?: string | undefined },
) => Mistake;

export interface PolicyDocument {
  /** what the file says; undefined when that can't be told, and then there are mistakes */
  readonly data: unknown;
  readonly mistakes: readonly Mistake[];
  readonly mistakeAt: MistakeAt;
}

const mostAliases = 50;

export function readDocument(text: string): PolicyDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'silent',
  });

  const mistake = (
    offset: number,
    code: MistakeCode,
    path: Path,
    words: Words,
    suggestion?: string,
  ): Mistake => {
    const { line, col } = lines.linePos(offset);
    return {
      code,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: pathText(path),
      text: say(mistakeTexts[code], words),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  };
  const mistakeAt: MistakeAt = (code, path, words = {}, options = {}) =>
    mistake(offsetOf(document, path, options.key ?? false), code, path, words, options.suggestion);

  // Warnings are of tags that nobody knows: in a strict file a mistake like any other.
  const troubles = [...document.errors, ...document.warnings];
  const mistakes = troubles.map((trouble) =>
    trouble.code === 'DUPLICATE_KEY'
      ? mistake(trouble.pos[0], 'duplicate-key', [], { key: keyAt(text, trouble.pos[0]) })
      : mistake(trouble.pos[0], 'yaml', [], { reason: trouble.message }),
  );
  visit(document, {
    Alias(_, alias) {
      const offset = startOf(alias) ?? 0;
      const meant = alias.resolve(document);
      if (meant === undefined) {
        mistakes.push(mistake(offset, 'unknown-alias', [], { name: alias.source }));
      } else if (offset < (meant.range?.[2] ?? 0)) {
        mistakes.push(mistake(offset, 'alias-of-itself', [], { name: alias.source }));
      }
    },
  });
  if (mistakes.some(({ code }) => code !== 'duplicate-key')) {
    return { data: undefined, mistakes, mistakeAt };
  }
  if (isEmpty(document.contents)) {
    return { data: undefined, mistakes: [mistake(0, 'empty', [], {})], mistakeAt };
  }
  try {
    return { data: document.toJS({ maxAliasCount: mostAliases }), mistakes, mistakeAt };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { data: undefined, mistakes: [...mistakes, mistake(0, 'aliases', [], {})], mistakeAt };
  }
}

/** `targets.mail.components.vmail.exclude[0]` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** The place of the deepest part of the path that the file has: what is missing is told where it would stand. */
function offsetOf(document: Document, path: Path, ofKey: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(inside)) {
      const pair = inside.items.find((item) => keyText(item.key) === String(step));
      if (pair === undefined) return offset;
      const last = index === path.length - 1;
      // A map that is missing something is best shown by its key, a value that is wrong by itself.
      const position =
        ofKey || !last || isMap(pair.value) || isEmpty(pair.value) ? startOf(pair.key) : startOf(pair.value);
      offset = position ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(inside)) {
      node = inside.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** The key that begins at an offset, for a mistake that is only known by its position. */
function keyAt(text: string, offset: number): string {
  return /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(offset, offset + 200))?.[0].trim() ?? '';
}
