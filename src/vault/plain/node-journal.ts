/**
 * The growing list of a snapshot's nodes, and its checksums. Entries are announced in order and completed in any; what
 * is complete up to the first that isn't is written, so that after a crash the list says what is there.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { RawPath } from '../../base/raw-path.ts';
import { checksumBytes, checksumLine } from './checksums.ts';

/** One announced entry. */
export class Slot {
  line: string | undefined;
  checksum: string | undefined;
  complete = false;
}

/** The hash of a stored file, and where it lies in the snapshot. */
export interface Checksum {
  readonly sha256: string;
  readonly path: RawPath;
}

const WRITE_AT = 128 * 1024;

export class NodeJournal {
  readonly #nodes: AppendedFile;
  readonly #checksums: AppendedFile;
  #slots: Slot[] = [];
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
    slot.checksum = checksum === undefined ? undefined : checksumLine(checksum.sha256, checksum.path);
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
    this.#checksums.append(checksumBytes(checksumLine(sha256, path)));
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
    let nodes = '';
    let checksums = '';
    for (let slot = this.#slots[this.#head]; slot?.complete; slot = this.#slots[this.#head]) {
      if (slot.line !== undefined) {
        nodes += `${slot.line}\n`;
        this.#count += 1;
      }
      if (slot.checksum !== undefined) checksums += slot.checksum;
      this.#head += 1;
    }
    if (nodes !== '') this.#nodes.append(Buffer.from(nodes, 'utf8'));
    if (checksums !== '') this.#checksums.append(checksumBytes(checksums));
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
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #length = 0;
  #closed = false;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#length += bytes.length;
    if (this.#pendingBytes >= WRITE_AT) this.flush();
  }

  /** Back to a length at which it was flushed. What is held goes unwritten: there may be no room for it. */
  cutTo(length: number): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    ftruncateSync(this.#descriptor, length);
    this.#length = length;
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
    const bytes = Buffer.concat(this.#pending);
    if (bytes.length === 0) return;
    const start = this.#length - bytes.length;
    this.#pending = [];
    this.#pendingBytes = 0;
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written, start + written);
    }
  }
}
