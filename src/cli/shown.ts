/** Values as the commands that look into snapshots show them. */
import type { ChosenSnapshot } from '../app/operations.ts';
import { rfc3339 } from '../base/calendar.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { timeText } from '../report/report.ts';

const texts = {
  chosen: { en: '{vault}:{place}, taken {time}', ja: '{vault}:{place}（{time} 取得）' },
  incomplete: {
    en: '{vault}:{place}, taken {time}, incomplete: without {missing}',
    ja: '{vault}:{place}（{time} 取得、不完全: {missing} がありません）',
  },
} as const satisfies Record<string, Bilingual>;

/** the last millisecond that a Date can stand for */
const LAST_TIME = 8.64e15;

/** A time on the clock of a zone; one that can't be (a damaged manifest, a foreign zone) is still shown somehow. */
export function shownTime(instant: number, zone: string): string {
  if (!(Math.abs(instant) <= LAST_TIME)) return String(instant);
  return inZone(() => timeText(instant, zone)) ?? `${timeText(instant, 'UTC')}Z`;
}

/** A node's time, in nanoseconds since 1970 UTC, to the minute. */
export function shownNodeTime(time: bigint, zone: string): string {
  return shownTime(Number(time / 1_000_000n), zone);
}

/** RFC 3339 with all nine digits that a file system keeps; a number of nanoseconds where there is no such date. */
export function exactNodeTime(time: bigint, zone: string): string {
  const whole = time - (((time % SECOND) + SECOND) % SECOND);
  const instant = Number(whole / 1_000_000n);
  if (!(Math.abs(instant) <= LAST_TIME)) return String(time);
  const text = inZone(() => rfc3339(instant, zone)) ?? rfc3339(instant, 'UTC');
  return text.replace('.000', `.${String(time - whole).padStart(9, '0')}`);
}

/** To ask beforehand whether there is such a zone would take longer than all the rest. */
function inZone(show: () => string): string | undefined {
  try {
    return show();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const SECOND = 1_000_000_000n;

/** How much of an id is shown: enough to name it on the next command line. */
export function shownId(id: string): string {
  return id.slice(0, 12);
}

/** The digits of a key's id that restic shows as well. */
export function shownKey(id: string): string {
  return id.slice(0, 8);
}

/** Which snapshot was chosen: `latest` should say what it was. */
export function chosenText({ opened, entry }: ChosenSnapshot, language: Language): string {
  const { place, header, complete } = entry;
  const missing = header.components.filter((component) => !component.complete).map(({ name }) => name);
  const facts = { vault: opened.name, place, time: shownTime(header.time, header.zone), missing };
  return fill(texts[complete ? 'chosen' : 'incomplete'][language], facts);
}
