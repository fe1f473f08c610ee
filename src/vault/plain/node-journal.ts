/**
 * The growing list of a snapshot's nodes, and its checksums. Entries are announced in order and completed in any; what
 * is complete up to the first that isn't is written, so that after a crash the list says what is there.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { RawPath } from '../../base/raw-path.ts';
import { checksumLine } from './checksums.ts';

/** One announced entry. */
export class Slot {
  line: string | undefined;
  checksum: Checksum | undefined;
  complete = false;
}

/** The hash of a stored file, and where it lies in the snapshot. */
export interface Checksum {
  readonly sha256: string;
  readonly path: RawPath;
}

/** Held back until there is so much of it. */
const CHUNK = 256 * 1024;

export class NodeJournal {
  readonly #nodes: AppendedFile;
  readonly #checksums: AppendedFile;
  /** from `head` on those that are not yet written */
  #slots: (Slot | undefined)[] = [];
  #head = 0;
  #count = 0;

  constructor(paths: { nodes: string; checksums: string }) {
    this.#nodes = new AppendedFile(paths.nodes);
    try {
      this.#checksums = new AppendedFile(paths.checksums);
    } catch (error) {
      this.#nodes.discard();
      throw error;
    }
  }

  /** How many entries are announced and not yet written. */
  get waiting(): number {
    return this.#slots.length - this.#head;
  }

  /** How many nodes there are. */
  get count(): number {
    return this.#count;
  }

  announce(): Slot {
    const slot = new Slot();
    this.#slots.push(slot);
    return slot;
  }

  /** With a line the entry is added, and with a hash its checksum too; without a line it is left out. */
  complete(slot: Slot, line: string | undefined, checksum?: Checksum): void {
    slot.line = line;
    slot.checksum = checksum;
    slot.complete = true;
    if (this.#slots[this.#head] === slot) this.#write();
  }

  /** A place to come back to when what follows has to be taken back. */
  mark(): JournalMark {
    this.flush();
    return { nodes: this.#nodes.length, checksums: this.#checksums.length, count: this.#count };
  }

  backTo(mark: JournalMark): void {
    this.#slots = [];
    this.#head = 0;
    this.#nodes.cutTo(mark.nodes);
    this.#checksums.cutTo(mark.checksums);
    this.#count = mark.count;
  }

  addChecksum(sha256: string, path: RawPath): void {
    this.#checksums.append(checksumLine(sha256, path), 'latin1');
  }

  flush(): void {
    this.#nodes.flush();
    this.#checksums.flush();
  }

  close(): void {
    try {
      this.#nodes.close();
    } finally {
      this.#checksums.close();
    }
  }

  /** Closes without writing what is still held. */
  discard(): void {
    this.#nodes.discard();
    this.#checksums.discard();
  }

  #write(): void {
    for (let slot = this.#slots[this.#head]; slot?.complete; slot = this.#slots[this.#head]) {
      if (slot.line !== undefined) {
        this.#nodes.append(`${slot.line}\n`, 'utf8');
        this.#count += 1;
      }
      if (slot.checksum !== undefined) this.addChecksum(slot.checksum.sha256, slot.checksum.path);
      this.#slots[this.#head] = undefined;
      this.#head += 1;
    }
    // Taking from the front of an array one by one would cost its length each time.
    if (this.#head > 4096) {
      this.#slots.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

export interface JournalMark {
  readonly nodes: number;
  readonly checksums: number;
  readonly count: number;
}

/** A file that is written at its end, in large pieces. */
class AppendedFile {
  readonly #descriptor: number;
  readonly #held = Buffer.allocUnsafe(CHUNK);
  #heldBytes = 0;
  #written = 0;
  #closed = false;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  get length(): number {
    return this.#written + this.#heldBytes;
  }

  append(text: string, encoding: 'utf8' | 'latin1'): void {
    // UTF-8 has three bytes at most for what is one unit of a string.
    const most = text.length * 3;
    if (this.#heldBytes + most > CHUNK) this.flush();
    if (most > CHUNK) this.#write(Buffer.from(text, encoding));
    else this.#heldBytes += this.#held.write(text, this.#heldBytes, encoding);
  }

  /** Back to a length at which it was flushed. What is held goes unwritten: there may be no room for it. */
  cutTo(length: number): void {
    this.#heldBytes = 0;
    ftruncateSync(this.#descriptor, length);
    this.#written = length;
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.discard();
    }
  }

  discard(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  flush(): void {
    const bytes = this.#held.subarray(0, this.#heldBytes);
    this.#heldBytes = 0;
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const written = writeSync(this.#descriptor, bytes, from, bytes.length - from, this.#written);
      from += written;
      this.#written += written;
    }
  }
}
