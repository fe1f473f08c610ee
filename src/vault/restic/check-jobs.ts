/** What a verification asks of its threads, and what they answer. */
import type { PackedBlob } from './format/blob.ts';
import type { MasterKey } from './format/sealing.ts';

export interface PackJob {
  readonly pack: string;
  readonly bytes: Uint8Array;
  /** the blobs that are needed of it, as the index has them */
  readonly blobs: readonly PackedBlob[];
}

export interface PackResult {
  /** what is wrong with the pack as a whole */
  readonly flaw: string | undefined;
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

export interface CheckWorkerData {
  readonly key: MasterKey;
}
