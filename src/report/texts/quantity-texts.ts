/** Numbers, times and spans of time in words. */
import { wallTime } from '../../base/calendar.ts';
import type { Language } from '../../base/language.ts';
import { formatSpan } from '../../base/quantities.ts';

/** `12,345` */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3m20s`, `3分20秒` */
export function spanText(seconds: number, language: Language): string {
  const span = formatSpan(seconds);
  if (language === 'en') return span;
  return span.replace('h', '時間').replace('m', '分').replace('s', '秒');
}

/** `2026-11-22 15:30` in a time zone */
export function timeText(instant: number, zone: string): string {
  const { year, month, day, hour, minute } = wallTime(instant, zone);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
}
