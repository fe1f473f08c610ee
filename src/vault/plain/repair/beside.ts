/**
 * Where what is put in the place of something damaged is written first: a folder of the vault's own on the same disk, so that
 * nothing is ever seen in a snapshot that is not whole. What a crash leaves in it, the next repair removes.
 */
import { closeSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAt, unlinkAt } from '../../../base/libc.ts';
import { OpenDirectory } from '../../../base/open-directory.ts';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import { OWN } from '../layout.ts';
import { removeFrom } from '../removal.ts';

const FOLDER = 'repair';

export class Beside {
  readonly path: string;
  readonly #root: string;
  readonly #directory: OpenDirectory;
  #count = 0;

  private constructor(root: string) {
    this.#root = root;
    this.path = join(root, OWN, FOLDER);
    mkdirSync(this.path, { mode: 0o700 });
    this.#directory = OpenDirectory.open(this.path as RawPath);
  }

  static async open(root: string, signal: AbortSignal): Promise<Beside> {
    await removeFrom(join(root, OWN), FOLDER, signal);
    return new Beside(root);
  }

  get descriptor(): number {
    return this.#directory.descriptor;
  }

  newName(): RawName {
    this.#count += 1;
    return `${this.#count}` as RawName;
  }

  /** Makes a file by what `write` does with it; it goes again unless that gives true. */
  async make(write: (file: number) => Promise<boolean>): Promise<RawName | undefined> {
    const name = this.newName();
    const file = openAt(
      this.descriptor,
      name,
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
      0o600,
    );
    let isMade = false;
    try {
      isMade = await write(file);
      return isMade ? name : undefined;
    } finally {
      closeSync(file);
      if (!isMade) unlinkAt(this.descriptor, name);
    }
  }

  async close(): Promise<void> {
    this.#directory.release();
    await removeFrom(join(this.#root, OWN), FOLDER, new AbortController().signal);
  }
}
