/** The one grammar for durations (`90d`, `24h`, `30m`) and the one for sizes, rates and shares (`2MB`, `2MB/s`, `10Mbit`, `50%`). */

const durationUnits: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds, or undefined when the text isn't a duration. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d|w)$/.exec(text);
  return found === null
    ? undefined
    : Math.round(Number(found[1]) * (durationUnits[found[2] as string] as number));
}

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  TB: 1_000_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
  TiB: 1_099_511_627_776,
};

/** Bytes, or undefined when the text isn't a size. */
export function parseSize(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)\s?([kKMGT]?i?B)$/.exec(text);
  const unit = found === null ? undefined : sizeUnits[found[2] as string];
  return found === null || unit === undefined ? undefined : Math.round(Number(found[1]) * unit);
}

/** Bytes a second, or undefined when the text isn't a rate. */
export function parseRate(text: string): number | undefined {
  return text.endsWith('/s') ? parseSize(text.slice(0, -2)) : undefined;
}

/** Bytes a second of a line, which are sold by the bit: `10Mbit`; undefined when the text is none. */
export function parseLine(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)\s?([kMG])bit(?:\/s)?$/.exec(text);
  const size = found === null ? undefined : parseSize(`${found[1]}${found[2]}B`);
  return size === undefined ? undefined : size / 8;
}

/** A share of a whole, as a number up to 1: `50%`; undefined when the text is none. */
export function parseShare(text: string): number | undefined {
  const found = /^(\d{1,3}(?:\.\d)?)\s?%$/.exec(text);
  const share = found === null ? 0 : Number(found[1]) / 100;
  return share > 0 && share <= 1 ? share : undefined;
}

/** `1.53 GB`: three figures, in the decimal units that disks and clouds are sold in. */
export function formatSize(bytes: number): string {
  for (const unit of ['TB', 'GB', 'MB', 'kB']) {
    const size = sizeUnits[unit] as number;
    if (Math.abs(bytes) >= size * 0.9995) return `${threeFigures(bytes / size)} ${unit}`;
  }
  return `${bytes} B`;
}

function threeFigures(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2);
}

/** `2h05m`, `3m20s`, `8.4s`: a span of time as a person says it. */
export function formatSpan(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
}
