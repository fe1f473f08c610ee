/** Progress as one line: with a bar where there is a terminal, in words elsewhere. */
import type { Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import type { Progress } from './progress.ts';
import { countText, spanText } from './texts/quantity-texts.ts';
import { phaseTexts } from './texts/word-texts.ts';
import { fitTo, widthOf } from './width.ts';

const texts = {
  entries: { en: (count: string) => `${count} entries`, ja: (count: string) => `${count} 件` },
  left: { en: (span: string) => `${span} left`, ja: (span: string) => `残り ${span}` },
} as const;

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/** At most `width` columns wide; what matters least is left out first, then the bar. */
export function progressLine(progress: Progress, language: Language, width: number): string {
  const parts = words(progress, language);
  const bar = (room: number) => (progress.share === undefined ? [] : [barOf(progress.share, room)]);
  const fixed = parts.reduce((sum, part) => sum + widthOf(part) + 2, 0);
  const room = Math.min(WIDEST_BAR, width - fixed - 2);
  if (room >= NARROWEST_BAR) return [...bar(room), ...parts].join('  ');
  // From the end of the line: phase and target first, then the rate.
  while (parts.length > 1 && widthOf(parts.join('  ')) > width) parts.pop();
  return fitTo(parts.join('  '), width);
}

/** The same in words, for where lines stay. */
export function plainProgress(progress: Progress, language: Language): string {
  return words(progress, language).join('  ');
}

/** The most important first. */
function words({ share, left, files, bytes, rate, phase, target }: Progress, language: Language): string[] {
  return [
    share === undefined ? '' : `${Math.floor(share * 100)}%`.padStart(3),
    left === undefined ? '' : texts.left[language](spanText(left, language)),
    texts.entries[language](countText(files)),
    formatSize(bytes),
    rate < 1 ? '' : `${formatSize(Math.round(rate))}/s`,
    phase === undefined ? '' : phaseTexts[phase][language],
    target,
  ].filter((word) => word !== '');
}

/** ASCII, since the width of block characters is a matter of opinion among East Asian terminals. */
function barOf(share: number, width: number): string {
  const inside = width - 2;
  const full = Math.round(share * inside);
  return `[${'='.repeat(full)}${' '.repeat(inside - full)}]`;
}
