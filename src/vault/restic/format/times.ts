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

/** `YYYY-MM-DDTHH:MM:SS` */
const CLOCK = 19;

/** Nanoseconds since 1970 UTC; a SyntaxError for what is no such time. Every node of a tree has two, so it goes by characters. */
export function parseTime(text: string): bigint {
  const seconds = secondsOf(text);
  let at = CLOCK;
  let nanoseconds = 0;
  if (text[at] === '.') {
    const end = endOfDigits(text, at + 1);
    const digits = end - at - 1;
    nanoseconds = numberAt(text, at + 1, digits) * 10 ** (9 - digits);
    at = digits > 9 ? -1 : end;
  }
  const offset = offsetAt(text, at);
  if (!Number.isInteger(seconds + nanoseconds + offset))
    throw new SyntaxError(`"${text.slice(0, 40)}" is no time`);
  return BigInt(seconds - offset * 60) * SECOND + BigInt(nanoseconds);
}

/** On a clock that is not put back or forward; NaN for what is none. */
function secondsOf(text: string): number {
  const marks =
    text[4] === '-' && text[7] === '-' && text[10] === 'T' && text[13] === ':' && text[16] === ':';
  const [year, month, day] = [numberAt(text, 0, 4), numberAt(text, 5, 2), numberAt(text, 8, 2)];
  const [hour, minute, second] = [numberAt(text, 11, 2), numberAt(text, 14, 2), numberAt(text, 17, 2)];
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!marks || !isDate || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  return dayNumber(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

/** In minutes; NaN for what is no offset, or something follows it. */
function offsetAt(text: string, at: number): number {
  if (text[at] === 'Z') return at === text.length - 1 ? 0 : Number.NaN;
  const [hours, minutes] = [numberAt(text, at + 1, 2), numberAt(text, at + 4, 2)];
  if (text[at + 3] !== ':' || text.length !== at + 6 || hours > 23 || minutes > 59) return Number.NaN;
  const offset = hours * 60 + minutes;
  return text[at] === '+' ? offset : text[at] === '-' ? -offset : Number.NaN;
}

/** So many digits; NaN where others stand, or there are none. */
function numberAt(text: string, from: number, digits: number): number {
  let number = digits > 0 ? 0 : Number.NaN;
  for (let at = from; at < from + digits; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : Number.NaN;
  }
  return number;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39) at += 1;
  return at;
}

function daysIn(year: number, month: number): number {
  return month === 12 ? 31 : dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);
}

/** Days since 1970-01-01 in the calendar of today. Counted from March on, the leap day is a year's last. */
function dayNumber(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  const months = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return 365 * years + leapDays + months + day - 719_469;
}
