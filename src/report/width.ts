/** Text in columns of a terminal, where a Japanese character takes two. */
import stringWidth from 'string-width';

/** How many columns a text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** The text itself, or its beginning with `…` where it takes more than `width` columns. */
export function fitTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let fitted = '';
  let used = 1;
  for (const { segment } of graphemes(text)) {
    used += widthOf(segment);
    if (used > width) break;
    fitted += segment;
  }
  return `${fitted}…`;
}

/**
 * Breaks a text into lines of at most `width` columns: at spaces, and between Japanese characters where no rule of
 * line breaking forbids it. A longer word stays whole, since half a path is of no use to anybody.
 */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, width));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const piece of piecesOf(line)) {
    if (current !== '' && widthOf((current + piece).trimEnd()) > width) {
      lines.push(current.trimEnd());
      current = piece.trimStart();
    } else {
      current += piece;
    }
  }
  lines.push(current.trimEnd());
  return lines;
}

/** Characters that must not begin a line (closing marks, small kana) and those that must not end one. */
const noBeginning =
  /^[、。，．・：；？！?!,.:;)\]}）」』】〉》〕ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ]/u;
const noEnding = /[([{（「『【〈《〔]$/u;
const wide = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff60]/u;

/** The parts of a line between which it may be broken. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  let last = '';
  for (const { segment } of graphemes(line)) {
    const breakable =
      last !== '' &&
      !noBeginning.test(segment) &&
      !noEnding.test(last) &&
      ((last.endsWith(' ') && segment !== ' ') || wide.test(segment) || wide.test(last.slice(-1)));
    if (breakable) {
      pieces.push(last);
      last = segment;
    } else {
      last += segment;
    }
  }
  return last === '' ? pieces : [...pieces, last];
}

function graphemes(text: string): Iterable<{ segment: string }> {
  return new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text);
}
