/**
 * What can be asked of a medium by using it: a list of checks, as data, that the tests run on every storage and a user runs on
 * his own. Each works in a folder of its own, whatever else lies there.
 */
import type { Clock } from '../../base/clock.ts';
import type { Bilingual } from '../../base/language.ts';
import type { Key, LockMode, Storage } from '../storage.ts';

export interface CheckPlace {
  readonly storage: Storage;
  /** the check's own; whoever runs it cleans up */
  readonly folder: Key;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  /** bytes of the largest object that is put */
  readonly largest: number;
  /** where objects are to be locked */
  readonly lock?: { readonly mode: LockMode; readonly milliseconds: number };
  readonly signal: AbortSignal;
}

/** What was measured, for `told`. */
export type CheckFacts = Readonly<Record<string, string | number>>;

export interface StorageCheck {
  readonly name: string;
  readonly what: Bilingual;
  /** what goes wrong where it does not hold */
  readonly why: Bilingual;
  readonly mend: Bilingual;
  /** what was measured, in words */
  readonly told?: Bilingual;
  /** on media that know of it; on all when absent */
  applies?(place: Pick<CheckPlace, 'storage' | 'lock'>): boolean;
  /** Throws CheckFailed, or what the storage throws, where it does not hold. */
  run(place: CheckPlace): Promise<CheckFacts | undefined>;
}

/** It does not hold, and this is what was found instead. */
export class CheckFailed extends Error {}

export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new CheckFailed(otherwise);
}

export const anotherMedium: Bilingual = {
  en: 'Look at the log of the server or the kernel; if it can not be mended there, use another server or file system.',
  ja: 'サーバーやカーネルのログを確かめてください。直せない場合は、別のサーバーかファイルシステムを使ってください。',
};
