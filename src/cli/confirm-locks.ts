/** Asking at the terminal whether far more than usual is to be locked. */
import { createInterface } from 'node:readline';
import type { World } from '../app/world.ts';
import { Cancelled } from '../base/abort.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';

const texts = {
  question: {
    en: 'Of {target} far more is to be locked in {vault} than usual (more than {most}, where {usual} are usual). Nobody can undo that. Go on? [y/N] ',
    ja: '{target} について {vault} でロックする量が通常を大きく超えます（通常 {usual}、上限 {most}）。ロックは取り消せません。続けますか？ [y/N] ',
  },
} as const satisfies Record<string, Bilingual>;

export interface UnusualLocks {
  readonly vault: string;
  readonly target: string;
  readonly usual: number;
  readonly most: number;
}

/** Throws Cancelled when the person closes the terminal or presses Ctrl-C. */
export async function confirmLocks(
  { stdin, stderr }: World,
  { usual, most, ...names }: UnusualLocks,
  language: Language,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const facts = { ...names, usual: formatSize(usual), most: formatSize(most) };
  // Below a line that shows progress.
  stderr.write(`\n${fill(texts.question[language], facts)}`);
  const reader = createInterface({ input: stdin, historySize: 0 });
  const stop = () => reader.close();
  signal.addEventListener('abort', stop);
  try {
    return await new Promise((resolve, reject) => {
      reader.once('line', (line) => resolve(/^\s*(?:y|yes|はい)\s*$/i.test(line)));
      reader.once('close', () => reject(signal.aborted ? signal.reason : new Cancelled()));
    });
  } finally {
    signal.removeEventListener('abort', stop);
    reader.close();
  }
}
