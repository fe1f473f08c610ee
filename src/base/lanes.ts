/** Many waits at a time. */

/** Does the work with each item, so many at a time. The first that fails stops the others, and all have ended when it throws. */
export async function inLanes<Item>(
  items: Iterable<Item>,
  { lanes, signal }: { readonly lanes: number; readonly signal: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const rest = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      either.throwIfAborted();
      await work(next.value, either);
    }
  };
  const all = Array.from({ length: lanes }, () => lane().catch((error: unknown) => failing.abort(error)));
  await Promise.all(all);
  failing.signal.throwIfAborted();
}
