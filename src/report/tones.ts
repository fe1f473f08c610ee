/** Colour for lines on a terminal; what it says is in the words too. */
import { styleText } from 'node:util';
import type { Line } from './narrator.ts';

const colours = { good: 'green', attention: 'yellow', bad: 'red' } as const;

export function paint({ text, tone }: Line, colour: boolean): string {
  // Whether the stream takes colour was decided by who asks.
  return !colour || tone === 'plain' ? text : styleText(colours[tone], text, { validateStream: false });
}
