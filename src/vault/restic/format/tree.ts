/** A tree blob: `{"nodes":[…]}` and a newline, the nodes in the order of their names' bytes. */
import { type Fields, isExact, nodeOf, parseTreeNode, type TreeNode } from './tree-node.ts';

const START = '{"nodes":[';
const END = ']}\n';

/** The parts of a tree blob in order, for who writes it piece by piece. */
export function encodeTree(nodes: readonly string[]): Buffer {
  return Buffer.from(START + nodes.join() + END);
}

/** The texts of a tree's nodes, one after the other, without parsing them. Throws a SyntaxError where there is no tree. */
export function* nodesInTree(tree: Buffer): Generator<string> {
  const scan = new Scanner(tree);
  scan.expect(OPEN_BRACE);
  if (scan.tryTake(CLOSE_BRACE)) return scan.end();
  do {
    const key = scan.value();
    scan.expect(COLON);
    if (key === '"nodes"' && scan.tryTake(OPEN_BRACKET)) {
      if (scan.tryTake(CLOSE_BRACKET)) continue;
      do yield scan.node();
      while (scan.tryTake(COMMA));
      scan.expect(CLOSE_BRACKET);
    } else {
      scan.value();
    }
  } while (scan.tryTake(COMMA));
  scan.expect(CLOSE_BRACE);
  scan.end();
}

/** True when a tree is just these nodes, as encodeTree would write them, given the lengths of their texts in bytes. */
export function isCanonical(tree: Buffer, count: number, bytes: number): boolean {
  return tree.length === START.length + bytes + Math.max(0, count - 1) + END.length;
}

/** Larger trees are parsed node by node, so that no more of them than a node is there twice. */
const MOST_AT_ONCE = 1024 * 1024;

/** The nodes of a tree, one after the other. Throws a SyntaxError for what is none. */
export function* parseTree(tree: Buffer): Generator<TreeNode> {
  const fields = tree.length <= MOST_AT_ONCE ? fieldsIn(tree) : undefined;
  if (fields?.every(isExact) === true) for (const one of fields) yield nodeOf(one);
  else for (const text of nodesInTree(tree)) yield parseTreeNode(text);
}

/** To parse all nodes at once takes a third of the time that it takes to look for the text of each. */
function fieldsIn(tree: Buffer): readonly Fields[] {
  const { nodes } = (JSON.parse(tree.toString()) ?? {}) as { readonly nodes?: unknown };
  return Array.isArray(nodes) ? nodes : [];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** No node has more in it than this; it bounds what a made-up one costs. */
const DEEPEST = 64;

/** Where one node ends and another begins, as everybody writes them: the name comes first. */
const BETWEEN = Buffer.from('},{"name":');

class Scanner {
  readonly #bytes: Buffer;
  #at = 0;
  /** another node begins that way further on, as far as is known */
  #isUsual = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  tryTake(byte: number): boolean {
    this.#skipSpace();
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  expect(byte: number): void {
    if (!this.tryTake(byte))
      throw new SyntaxError(`no tree: byte ${this.#at} is not ${String.fromCharCode(byte)}`);
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#bytes.length) throw new SyntaxError('no tree: something follows it');
  }

  /**
   * The text of the next node. Mostly one search finds its end, a fifth of the work of `value`: what comes between two nodes
   * can't stand in a text, where quotes are escaped, and only objects within a node may begin alike.
   */
  node(): string {
    this.#skipSpace();
    const start = this.#at;
    const end = this.#isUsual ? this.#bytes.indexOf(BETWEEN, start) : -1;
    this.#isUsual = end >= 0;
    if (this.#isUsual && this.#bytes[start] === OPEN_BRACE) {
      const text = this.#bytes.toString('utf8', start, end + 1);
      if (!text.includes('{', 1)) {
        this.#at = end + 1;
        return text;
      }
    }
    return this.value();
  }

  /** The text of the next value, whatever it is; that it is well-formed within is for who parses it. */
  value(): string {
    this.#skipSpace();
    const start = this.#at;
    const bytes = this.#bytes;
    let depth = 0;
    for (; this.#at < bytes.length; this.#at++) {
      const byte = bytes[this.#at];
      if (byte === QUOTE) {
        this.#skipString();
        if (depth > 0) continue;
        this.#at += 1;
        return this.#textFrom(start);
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1;
        if (depth > DEEPEST) throw new SyntaxError('no tree: it is nested too deep');
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === 0) break;
        depth -= 1;
        if (depth === 0) {
          this.#at += 1;
          return this.#textFrom(start);
        }
      } else if (depth === 0 && (byte === COMMA || byte === COLON)) {
        break;
      }
    }
    if (depth > 0 || this.#at === start) throw new SyntaxError('no tree: it ends in the middle');
    return this.#textFrom(start);
  }

  /** From the opening quote to the closing one. */
  #skipString(): void {
    const bytes = this.#bytes;
    for (let at = this.#at + 1; ; ) {
      const close = bytes.indexOf(QUOTE, at);
      if (close < 0) throw new SyntaxError('no tree: a text does not end');
      let slashes = 0;
      while (bytes[close - 1 - slashes] === BACKSLASH) slashes += 1;
      if (slashes % 2 === 0) {
        this.#at = close;
        return;
      }
      at = close + 1;
    }
  }

  #textFrom(start: number): string {
    return this.#bytes.toString('utf8', start, this.#at);
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at += 1;
    }
  }
}
