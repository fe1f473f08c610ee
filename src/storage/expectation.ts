/** Whether an object is what somebody remembers of it, before it gets a second key. */
import { storageErrors } from './errors.ts';
import type { Key } from './key.ts';
import type { LinkOptions, ObjectStatus } from './storage.ts';

/** Throws STORAGE_NOT_FOUND or STORAGE_REPLACED. Without an expectation everything that is there will do. */
export function requireExpected(
  found: ObjectStatus | undefined,
  place: { readonly storage: string; readonly key: Key },
  expect: LinkOptions['expect'],
): asserts found is ObjectStatus {
  if (found === undefined) throw storageErrors.STORAGE_NOT_FOUND(place);
  if (expect === undefined) return;
  if (found.size !== expect.size || (found.sha256 ?? expect.sha256) !== expect.sha256)
    throw storageErrors.STORAGE_REPLACED(place);
}
