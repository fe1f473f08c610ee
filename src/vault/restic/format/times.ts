/** Times as Go writes them in JSON: RFC 3339 with as many digits of the second as it takes, in a zone's own hours. */
import { wallTime } from '../../../base/calendar.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400;
/** The first and the last second that RFC 3339 can write. */
const FIRST = BigInt(Date.parse('0000-01-02T00:00:00Z')) / 1000n;
const LAST = BigInt(Date.parse('9999-12-30T00:00:00Z')) / 1000n;

/** Before the year 100 JavaScript confuses centuries; no zone had changed its clocks by then. */
const ANCIENT = Date.parse('0100-01-01T00:00:00Z') / 1000;

/** Writes times in one zone: restic's is that of the host, and the same bytes make the same tree. */
export class TimeWriter {
  readonly #zone: string;
  /** the offset in minutes of days on which it didn't change; undefined for one on which it did */
  readonly #days = new Map<number, number | undefined>();

  constructor(zone: string) {
    this.#zone = zone;
  }

  /** `time` in nanoseconds since 1970 UTC. */
  write(time: bigint): string {
    let nanoseconds = time % SECOND;
    let seconds = time / SECOND;
    if (nanoseconds < 0n) {
      nanoseconds += SECOND;
      seconds -= 1n;
    }
    const whole = Number(seconds < FIRST ? FIRST : seconds > LAST ? LAST : seconds);
    const offset = this.#zone === 'UTC' ? 0 : this.#offsetAt(whole);
    const clock = new Date((whole + offset * 60) * 1000).toISOString().slice(0, 19);
    const fraction = nanoseconds === 0n ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
    return clock + fraction + offsetText(offset);
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
