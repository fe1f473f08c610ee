/** `checksums.sha256` against the manifest: the same files in the same order, and hikae's own behind them. */
import { constants, openSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import { goQuote } from '../../base/go-quoting.ts';
import type { RawPath } from '../../base/raw-path.ts';
import { parseChecksumLine } from './checksums.ts';
import type { Flaw } from './flaw.ts';
import { MANIFEST, OWN } from './layout.ts';
import { Lines } from './lines.ts';
import type { StoredAs } from './stored-form.ts';

export class ChecksumsCheck {
  readonly #report: (flaw: Flaw) => void;
  readonly #lines: Lines | undefined;
  /** after the first difference the two are no longer in step, and nothing more would be learnt */
  #differs = false;

  constructor(path: string, report: (flaw: Flaw) => void) {
    this.#report = report;
    this.#lines = openIfThere(path);
    if (this.#lines === undefined) this.#flaw('it is missing');
  }

  expect({ path, sha256 }: Pick<StoredAs, 'path' | 'sha256'>): void {
    if (this.#differs) return;
    const line = this.#next();
    if (line?.path !== path || line.sha256 !== sha256)
      this.#flaw(line === undefined ? 'at its end' : `at ${goQuote(line.path)}`);
  }

  /** `own`: the hashes that hikae's own files really have. */
  finish(own: ReadonlyMap<string, string>): void {
    const listed = new Set<string>();
    for (let line = this.#next(); line !== undefined && !this.#differs; line = this.#next()) {
      listed.add(line.path);
      if (own.get(line.path) === line.sha256) continue;
      if (line.path === `${OWN}/${MANIFEST}`) {
        this.#report({
          kind: 'manifest',
          path: '' as RawPath,
          reason: 'its hash is not that in checksums.sha256',
        });
      } else {
        this.#flaw(`at ${goQuote(line.path)}`);
      }
    }
    const missing = [...own.keys()].find((path) => !listed.has(path));
    if (missing !== undefined) this.#flaw(`${missing} is not in it`);
  }

  close(): void {
    this.#lines?.close();
  }

  #next(): { sha256: string; path: RawPath } | undefined {
    const text = this.#lines?.next('latin1');
    if (text === undefined) return undefined;
    const line = parseChecksumLine(text);
    if (line === undefined) this.#flaw('a line of it is no checksum');
    return line;
  }

  #flaw(reason: string): void {
    if (this.#differs) return;
    this.#differs = true;
    this.#report({ kind: 'checksums', path: '' as RawPath, reason });
  }
}

function openIfThere(path: string): Lines | undefined {
  try {
    return new Lines(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
