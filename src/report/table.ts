/** Plain tables for results: aligned by what a terminal shows, also where a character takes two columns. */
import { printable } from '../base/language.ts';
import { padEnd, padStart, widthOf, wrap } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** the column that is broken into several lines where the table is wider than the terminal */
  readonly flexible?: boolean;
}

const GAP = '  ';
/** A flexible column that would get narrower than this is left as it is; the terminal breaks it. */
const NARROWEST = 12;

/**
 * The table, one line a row, without a newline at its end. `width` is that of a terminal; without it nothing is ever
 * broken, so that other programs can rely on one line a row.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly width?: number | undefined } = {},
): string {
  const table = [columns.map(({ title }) => title), ...rows.map((row) => row.map(oneLine))];
  const widths = columns.map((_, index) => Math.max(...table.map((row) => widthOf(row[index] ?? ''))));
  const flexible = columns.findIndex((column) => column.flexible);
  if (options.width !== undefined && flexible >= 0) {
    const others = widths.reduce(
      (sum, width, index) => sum + (index === flexible ? 0 : width + GAP.length),
      0,
    );
    const room = Math.max(NARROWEST, options.width - others);
    widths[flexible] = Math.min(widths[flexible] ?? room, room);
  }
  return table
    .flatMap((row) => linesOf(row, columns, widths, options.width === undefined ? -1 : flexible))
    .join('\n');
}

/** A name may hold anything, and must not break the table or move the cursor. */
function oneLine(cell: string): string {
  return printable(cell).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function linesOf(
  row: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
  flexible: number,
): string[] {
  const cells = columns.map((_, index) => {
    const text = row[index] ?? '';
    return index === flexible ? wrap(text, widths[index] ?? 0) : [text];
  });
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map(({ align }, index) => {
        const text = cells[index]?.[line] ?? '';
        return align === 'right' ? padStart(text, widths[index] ?? 0) : padEnd(text, widths[index] ?? 0);
      })
      .join(GAP)
      .trimEnd(),
  );
}
