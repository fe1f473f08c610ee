/** stdout, which is for results only. */
import { systemCode } from '../base/errors.ts';
import type { Language } from '../base/language.ts';
import { toJson } from '../report/report.ts';
import { cliErrors } from './errors.ts';

export interface Results {
  /** Shows the one result of a command: as JSON with --json, else as the text that `render` makes of it. */
  show(result: unknown, render: (language: Language) => string): Promise<void>;
  /** Writes bytes as they are, for what is a stream by nature; waits while the reader is slower than we are. */
  write(bytes: Uint8Array | string): Promise<void>;
}

/** The reason that a reading command is aborted with when nobody reads its results any more (`| head`). */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

export interface ResultOptions {
  readonly json: boolean;
  readonly language: () => Language;
  /** called once, when the reader has gone; what is written afterwards is dropped */
  readonly onClosed: () => void;
}

export function createResults(stdout: NodeJS.WritableStream, options: ResultOptions): Results {
  let closed = false;

  async function write(bytes: Uint8Array | string): Promise<void> {
    if (closed || bytes.length === 0) return;
    const failure = await new Promise<unknown>((resolve) => stdout.write(bytes, resolve));
    if (!(failure instanceof Error) || closed) return;
    if (systemCode(failure) !== 'EPIPE') {
      throw cliErrors.CLI_OUTPUT_FAILED({ reason: failure.message }, { cause: failure });
    }
    closed = true;
    options.onClosed();
  }

  return {
    write,
    async show(result, render) {
      await write(options.json ? `${toJson(result, 2)}\n` : withNewline(render(options.language())));
    },
  };
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
