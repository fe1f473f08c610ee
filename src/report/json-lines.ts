/** Events for machines: one JSON object a line. The names in it are a contract; a golden test holds it. */
import type { Subscriber } from './stage.ts';

export function createJsonLines(write: (line: string) => void): Subscriber {
  return (event) => write(`${toJson(event)}\n`);
}

/** JSON that also takes big integers: as numbers where they fit, else as text. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_name, part: unknown) => (typeof part === 'bigint' ? plain(part) : part),
    indent,
  );
}

function plain(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
