/** JSON as Go's encoder writes it. */

/** A text in quotes: Go also escapes what HTML or JavaScript would trip over. */
export function goString(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  const quoted = JSON.stringify(text);
  return special.test(quoted) ? quoted.replace(everySpecial, escaped) : quoted;
}

/** ASCII that stands for itself; most names are nothing else. */
const plain = /^[ !#-%'-;=?-[\]-~]*$/;
const special = /[<>&\u2028\u2029]/;
const everySpecial = /[<>&\u2028\u2029]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Parses JSON whose whole numbers may be larger than a double holds: those come as bigint. Many times slower than JSON.parse. */
export function parseLargeJson(text: string): unknown {
  const revive = (_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^\d+$/.test(source)
      ? BigInt(source)
      : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}
