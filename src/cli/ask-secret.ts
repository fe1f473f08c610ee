/** Asking for a password on a terminal, which doesn't show what is typed. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { World } from '../app/world.ts';
import { Cancelled } from '../base/abort.ts';
import { Secret } from '../base/secret.ts';

/** Whether there is somebody to ask. */
export function canAsk({ stdin, stderr }: World): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** Throws Cancelled when the person would rather not. */
export async function askSecret(
  { stdin, stderr }: World,
  question: string,
  signal: AbortSignal,
): Promise<Secret> {
  signal.throwIfAborted();
  const nowhere = new Writable({ write: (_bytes, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  // Only now is nothing shown any more of what is typed.
  stderr.write(question);
  const stop = () => reader.close();
  signal.addEventListener('abort', stop);
  try {
    return await new Promise((resolve, reject) => {
      reader.once('line', (line) => resolve(new Secret(line)));
      // A terminal that gives every key away gives Ctrl-C away too; Ctrl-D closes.
      reader.once('SIGINT', stop);
      reader.once('close', () => reject(signal.aborted ? signal.reason : new Cancelled()));
    });
  } finally {
    signal.removeEventListener('abort', stop);
    reader.close();
    stderr.write('\n');
  }
}
