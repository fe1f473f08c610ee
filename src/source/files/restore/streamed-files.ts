/** Files that are written in the main thread, one at a time: from a stream, or where their parts were put. */
import { closeSync, constants } from 'node:fs';
import { openAt, statusOf } from '../../../base/libc.ts';
import type { SnapshotReader } from '../../../model/snapshot-reader.ts';
import { attributesOf, setAttributes } from './attributes.ts';
import type { Concluding, ConcludingParts, FileOrder } from './concluding.ts';
import { pourContent } from './stream.ts';
import { removeTemporary } from './write.ts';

const CREATE_NEW = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR;

export interface StreamedFilesParts extends Pick<ConcludingParts, 'owners' | 'progress' | 'signal'> {
  readonly reader: SnapshotReader;
  readonly concluding: Concluding;
}

export class StreamedFiles {
  readonly #parts: StreamedFilesParts;

  constructor(parts: StreamedFilesParts) {
    this.#parts = parts;
  }

  /** Reads the content as a stream. What is wrong with it is told as a problem of the file. */
  async write(order: FileOrder): Promise<void> {
    const { reader, signal, progress } = this.#parts;
    const to = this.open(order);
    if (to === undefined) return;
    let whole = false;
    try {
      const fault = await pourContent(reader, order.node, to, { signal });
      signal.throwIfAborted();
      if (fault === undefined) whole = true;
      else progress.problemOfVault(order.path, fault);
    } catch (error) {
      progress.refuse(order.path, error);
    } finally {
      if (whole) this.finish(order, to);
      else this.drop(order, to);
    }
  }

  /** The file under its temporary name; undefined when there can be none. */
  open({ path, place, temporary }: FileOrder): number | undefined {
    return this.#parts.progress.attempt(path, () => openAt(place.directory, temporary, CREATE_NEW, 0o600));
  }

  /** Gives a file whose content is complete its attributes and its name, and closes it. */
  finish(order: FileOrder, to: number): void {
    const { concluding, owners, progress } = this.#parts;
    let kept = false;
    try {
      const unset = setAttributes(to, attributesOf(order.node, owners));
      const { inode, device } = statusOf(to);
      kept = concluding.publish(order);
      concluding.account(order, { kind: 'written', inode, device, unset });
    } catch (error) {
      progress.refuse(order.path, error);
    } finally {
      closeSync(to);
      if (!kept) removeTemporary(order.place.directory, order.temporary);
    }
  }

  drop({ place, temporary }: FileOrder, to: number): void {
    closeSync(to);
    removeTemporary(place.directory, temporary);
  }
}
