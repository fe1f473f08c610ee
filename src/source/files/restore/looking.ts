/** Looking at what is there, where it is no error that one may not: the attempt to restore it tells why. */
import { systemCode } from '../../../base/errors.ts';
import { openDirectoryAt, type Status } from '../../../base/libc.ts';
import type { RawName } from '../../../base/raw-path.ts';
import { type EntryPlace, statusIfThere } from './destination.ts';
import { listFolder } from './surplus.ts';

/** undefined for what isn't there, and for what can't be looked at */
export function lookAt(place: EntryPlace): Status | undefined {
  return unlessRefused(() => statusIfThere(place.directory, place.name));
}

export function openIfAllowed(place: EntryPlace): number | undefined {
  return unlessRefused(() => openDirectoryAt(place.directory, place.name));
}

/** none where the folder can't be listed */
export function namesIn(descriptor: number): RawName[] {
  return unlessRefused(() => listFolder(descriptor)) ?? [];
}

function unlessRefused<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
