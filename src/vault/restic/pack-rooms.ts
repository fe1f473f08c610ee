/**
 * Memory for packs that all threads of a crew share. A thread takes a room and fills it; whoever has stored what is in it gives
 * it back. Memory that crosses between threads in messages is new for each pack, which V8 answers with a collection of all
 * garbage every few packs, and the system with as many pages of zeros.
 *
 * How many rooms there are bounds how far the threads get ahead of the storage.
 */
import { MOST_CHUNK, PACK_SIZE } from './format/pack.ts';
import { SEAL } from './format/sealing.ts';

/** For a pack that is nearly full, and one chunk more. What nobody has written to costs nothing. */
export const ROOM = PACK_SIZE + MOST_CHUNK + SEAL;

/** What another thread needs to use the same rooms. */
export interface SharedRooms {
  readonly memory: SharedArrayBuffer;
  /** 32-bit numbers: how often one was given back, then for each room whether it is taken */
  readonly states: SharedArrayBuffer;
}

export class PackRooms {
  readonly #shared: SharedRooms;
  readonly #states: Int32Array;

  constructor(shared: SharedRooms) {
    this.#shared = shared;
    this.#states = new Int32Array(shared.states);
  }

  /**
   * The number of a room that is now the caller's. Waits for one, and meanwhile asks at least every second whether it is to
   * go on, by a function that throws when it isn't.
   */
  take(requireGoingOn: () => void): number {
    for (;;) {
      requireGoingOn();
      const givenBack = Atomics.load(this.#states, 0);
      for (let room = 0; room < this.#states.length - 1; room++) {
        if (Atomics.compareExchange(this.#states, room + 1, 0, 1) === 0) return room;
      }
      Atomics.wait(this.#states, 0, givenBack, 1000);
    }
  }

  bytesOf(room: number): Uint8Array {
    return new Uint8Array(this.#shared.memory, room * ROOM, ROOM);
  }

  /** For the next who takes it. */
  giveBack(room: number): void {
    Atomics.store(this.#states, room + 1, 0);
    Atomics.add(this.#states, 0, 1);
    this.wake();
  }

  /** Makes those who wait ask whether they are to go on. */
  wake(): void {
    Atomics.notify(this.#states, 0);
  }
}

export function newSharedRooms(count: number): SharedRooms {
  return { memory: new SharedArrayBuffer(count * ROOM), states: new SharedArrayBuffer(4 * (1 + count)) };
}
