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

/**
 * What the work makes of each item, in their order, so many of them under way at a time. When it throws, or nobody asks for more,
 * what was under way is told to stop, and has ended.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  { lanes, signal }: { readonly lanes: number; readonly signal: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result> {
  const leaving = new AbortController();
  const either = AbortSignal.any([signal, leaving.signal]);
  const underWay: Promise<Result>[] = [];
  const rest = items[Symbol.iterator]();
  const beginNext = () => {
    const next = rest.next();
    if (next.done === true) return;
    const result = work(next.value, either);
    // Its turn to be heard may never come.
    result.catch(() => undefined);
    underWay.push(result);
  };
  try {
    for (let lane = 0; lane < lanes; lane++) beginNext();
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) {
      const result = await first;
      beginNext();
      yield result;
    }
  } finally {
    leaving.abort();
    await Promise.allSettled(underWay);
  }
}
