/** What a verification asks of its threads, and what they answer. */
import type { MasterKey } from './format/sealing.ts';
import type { OpeningJob } from './restoring-jobs.ts';

export interface PackJob {
  readonly pack: string;
  /** the whole pack, and the blobs that are needed of it, as the index has them */
  readonly opening: OpeningJob;
}

export interface PackResult {
  /** what is wrong with the pack as a whole */
  readonly flaw: string | undefined;
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

export interface CheckWorkerData {
  readonly key: MasterKey;
}
