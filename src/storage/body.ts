/** What is put, as every medium takes it in. */
import { storageErrors } from './errors.ts';
import type { Key } from './key.ts';
import type { Body, CallOptions } from './storage.ts';

export function sizeOf(body: Body): number {
  return body instanceof Uint8Array ? body.length : body.size;
}

/** The pieces of a body from its beginning; STORAGE_BODY_CHANGED when together they are not of the size that was said. */
export async function* piecesOf(
  body: Body,
  place: { readonly storage: string; readonly key: Key },
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  let size = 0;
  for await (const piece of body.open({ signal })) {
    signal.throwIfAborted();
    size += piece.length;
    if (size > body.size) break;
    yield piece;
  }
  if (size !== body.size) throw storageErrors.STORAGE_BODY_CHANGED({ ...place, size, expected: body.size });
}
