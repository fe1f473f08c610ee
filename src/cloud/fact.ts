/** What a server was asked, and what it said: an answer, or why there is none. Silence is never taken for good news. */

export type Fact<Value> =
  | { readonly known: true; readonly value: Value }
  | { readonly known: false; readonly reason: string };

export function known<Value>(value: Value): Fact<Value> {
  return { known: true, value };
}

export function unknown(reason: string): Fact<never> {
  return { known: false, reason };
}
