/** Times as Go writes them in JSON: RFC 3339 with as many digits of the second as it takes, in a zone's own hours. */
import { wallTime } from '../../../base/calendar.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400;
const MOST_DATES = 10_000;
/** The first and the last second that RFC 3339 can write. */
const FIRST = Date.parse('0000-01-02T00:00:00Z') / 1000;
const LAST = Date.parse('9999-12-30T00:00:00Z') / 1000;

/** Before the year 100 JavaScript confuses centuries; no zone had changed its clocks by then. */
const ANCIENT = Date.parse('0100-01-01T00:00:00Z') / 1000;

/** Writes times in one zone: restic's is that of the host, and the same bytes make the same tree. */
export class TimeWriter {
  readonly #zone: string;
  /** the offset in minutes of days on which it didn't change; undefined for one on which it did */
  readonly #days = new Map<number, number | undefined>();
  /** days as they are written, up to the hour */
  readonly #dates = new Map<number, string>();

  constructor(zone: string) {
    this.#zone = zone;
  }

  /** `time` in nanoseconds since 1970 UTC. */
  write(time: bigint): string {
    const seconds = time / SECOND;
    let nanoseconds = Number(time - seconds * SECOND);
    let whole = Number(seconds);
    if (nanoseconds < 0) {
      nanoseconds += 1e9;
      whole -= 1;
    }
    whole = Math.min(Math.max(whole, FIRST), LAST);
    const offset = this.#zone === 'UTC' ? 0 : this.#offsetAt(whole);
    return this.#clockAt(whole + offset * 60) + fractionOf(nanoseconds) + offsetText(offset);
  }

  /** Date and time of day. Files lie near each other in time, and a date takes long to find. */
  #clockAt(seconds: number): string {
    const day = Math.floor(seconds / DAY);
    let date = this.#dates.get(day);
    if (date === undefined) {
      date = new Date(day * DAY * 1000).toISOString().slice(0, 11);
      if (this.#dates.size >= MOST_DATES) this.#dates.clear();
      this.#dates.set(day, date);
    }
    const rest = seconds - day * DAY;
    const [hour, minute] = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60];
    return `${date}${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(rest % 60)}`;
  }

  #offsetAt(seconds: number): number {
    const day = Math.floor(seconds / DAY);
    if (!this.#days.has(day)) {
      const [morning, evening] = [this.#ask(day * DAY), this.#ask((day + 1) * DAY)];
      this.#days.set(day, morning === evening ? morning : undefined);
    }
    return this.#days.get(day) ?? this.#ask(seconds);
  }

  #ask(seconds: number): number {
    return wallTime(Math.max(seconds, ANCIENT) * 1000, this.#zone).offset;
  }
}

function fractionOf(nanoseconds: number): string {
  if (nanoseconds === 0) return '';
  const digits = String(nanoseconds).padStart(9, '0');
  return `.${nanoseconds % 10 === 0 ? digits.replace(/0+$/, '') : digits}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z';
  const ahead = Math.abs(offset);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(ahead / 60))}:${pad(ahead % 60)}`;
}

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970 UTC; a SyntaxError for what is no such time. */
export function parseTime(text: string): bigint {
  const [, clock, fraction = '', offset] = form.exec(text) ?? [];
  const milliseconds = Date.parse(`${clock}${offset}`);
  if (Number.isNaN(milliseconds)) throw new SyntaxError(`"${text.slice(0, 40)}" is no time`);
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
