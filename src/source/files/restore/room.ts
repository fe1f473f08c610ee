/** How much room a restore needs on each file system that it writes to. */
import { type BigIntStatsFs, statfsSync } from 'node:fs';
import type { Status } from '../../../base/libc.ts';
import { statusOf } from '../../../base/libc.ts';
import type { Node } from '../../../model/node.ts';

interface Need {
  readonly free: number;
  bytes: number;
  /** a file and what it replaces exist side by side for a moment */
  largest: number;
}

export interface Shortage {
  readonly needed: number;
  readonly free: number;
}

export class Room {
  /** the file system of the deepest folder that is there */
  readonly device: bigint;
  readonly #needs = new Map<bigint, Need>();

  constructor(descriptor: number) {
    this.device = statusOf(descriptor).device;
    this.meet(this.device, descriptor);
  }

  /** Notes how much is free where this folder lies. */
  meet(device: bigint, descriptor: number): void {
    if (this.#needs.has(device)) return;
    this.#needs.set(device, { free: freeAt(descriptor), bytes: 0, largest: 0 });
  }

  /** Reckons with a file that is written; what it replaces gives its room back, unless it has other names. */
  need(device: bigint | undefined, node: Node, replaced: Status | undefined): void {
    const need = this.#needs.get(device ?? this.device);
    if (need === undefined) return;
    const written = bytesOnDisk(node);
    const freed = replaced?.type === 'file' && replaced.links === 1 ? replaced.blocks * 512 : 0;
    need.bytes += written - freed;
    need.largest = Math.max(need.largest, written);
  }

  /** The first file system where it won't do. */
  shortage(): Shortage | undefined {
    for (const { free, bytes, largest } of this.#needs.values()) {
      const needed = Math.max(bytes, largest);
      if (needed > free) return { needed, free };
    }
    return undefined;
  }
}

function bytesOnDisk(node: Node): number {
  let bytes = node.size;
  for (const { offset, length } of node.holes) {
    if (offset >= 0 && length > 0 && offset + length <= node.size) bytes -= length;
  }
  return Math.max(0, bytes);
}

function freeAt(descriptor: number): number {
  const { bavail, bsize }: BigIntStatsFs = statfsSync(`/proc/self/fd/${descriptor}`, { bigint: true });
  return Number(bavail * bsize);
}
