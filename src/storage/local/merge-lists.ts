import { compareKeys } from '../key.ts';
import type { ObjectStatus } from '../storage.ts';

/** Puts objects into a list in its order; one that is in both, having moved from here to there meanwhile, comes once. */
export async function* mergeLists(
  objects: readonly ObjectStatus[],
  list: AsyncIterable<readonly ObjectStatus[]>,
): AsyncGenerator<readonly ObjectStatus[]> {
  let next = 0;
  for await (const batch of list) {
    const merged: ObjectStatus[] = [];
    for (const object of batch) {
      for (; next < objects.length; next++) {
        const own = objects[next] as ObjectStatus;
        const order = compareKeys(own.key, object.key);
        if (order > 0) break;
        if (order < 0) merged.push(own);
      }
      merged.push(object);
    }
    yield merged;
  }
  if (next < objects.length) yield objects.slice(next);
}
