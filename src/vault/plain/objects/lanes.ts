/** Doing the same to many things, so many at a time. The first that fails ends it, and all that had begun have ended then. */
export async function inLanes<Thing>(
  things: Iterable<Thing>,
  lanes: number,
  work: (thing: Thing) => Promise<void>,
): Promise<void> {
  const left = things[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const lane = async () => {
    for (let next = left.next(); next.done !== true && failure === undefined; next = left.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
}
