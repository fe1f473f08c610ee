/** What the source of Docker volumes needs of the machine that it runs on. */
import type { Clock } from '../../base/clock.ts';
import type { Engine } from '../docker/engine.ts';
import type { Source } from '../source.ts';

export interface VolumeHost {
  readonly clock: Clock;
  /** the engine of this machine; fails with ENGINE_REMOTE when another one is meant */
  readonly engine: () => Engine;
  /** how the content of a volume is read and written */
  readonly files: Source;
  /** the folder for notes of containers that stand still; made when it is needed */
  readonly halts: string;
  /** how Node.js is started, for a program that outlives us */
  readonly node: string;
  /** so many random bytes, for names of records */
  random(size: number): Uint8Array;
}
