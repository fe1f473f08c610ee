/**
 * The list of hashes that stands beside hikae's header, in the form of sha256sum: of a file that is one blob the blob's id is
 * the hash of its content, of a larger one only this list knows it. It is in the order of the nodes.
 */
import { goQuote, goUnquote } from '../../base/go-quoting.ts';
import { compareRawPaths, type RawPath, rawFromText } from '../../base/raw-path.ts';

export function hashLine(sha256: string, path: RawPath): string {
  return `${sha256}  ${goQuote(path)}\n`;
}

/** Asked for paths in the order of a snapshot, it goes along. */
export class HashList {
  readonly #lines: AsyncIterator<string>;
  #path: RawPath | undefined;
  #sha256: string | undefined;
  #begun = false;

  /** `lines` without their ends. */
  constructor(lines: AsyncIterator<string>) {
    this.#lines = lines;
  }

  /** Throws a SyntaxError for what is no list. */
  async find(path: RawPath): Promise<string | undefined> {
    if (!this.#begun) await this.#advance();
    this.#begun = true;
    while (this.#path !== undefined && compareRawPaths(this.#path, path) < 0) await this.#advance();
    return this.#path === path ? this.#sha256 : undefined;
  }

  async #advance(): Promise<void> {
    this.#path = undefined;
    const next = await this.#lines.next();
    if (next.done === true) return;
    const [, sha256, quoted] = /^([0-9a-f]{64}) {2}(.+)$/s.exec(next.value) ?? [];
    if (sha256 === undefined || quoted === undefined) throw new SyntaxError('a line of hashes is none');
    this.#path = quoted.includes('\\') ? goUnquote(quoted) : rawFromText(quoted);
    this.#sha256 = sha256;
  }
}
