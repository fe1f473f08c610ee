/** The engine's API: HTTP over a socket of this machine. */
import { request } from 'node:http';
import { systemCode } from '../../base/errors.ts';
import { engineErrors } from './errors.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** with its query, escaped */
  readonly path: string;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  /** what the body says as JSON; undefined when it is empty */
  readonly body: unknown;
}

/** Longer answers, in characters, aren't believed: a list of a thousand containers takes about two million. */
const LONGEST = 64 << 20;

/** Every answer of the engine, whatever its status; ENGINE_UNREACHABLE or ENGINE_FORBIDDEN when there is none. */
export async function callEngine(socket: string, call: Call, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  try {
    const { status, text } = await exchange(socket, call, signal);
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    signal.throwIfAborted();
    if (systemCode(error) === 'EACCES') throw engineErrors.ENGINE_FORBIDDEN({ socket }, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw engineErrors.ENGINE_UNREACHABLE({ socket, reason }, { cause: error });
  }
}

function exchange(
  socketPath: string,
  { method, path, body }: Call,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    // The version of the API is the engine's own newest: what is asked for here has been the same in all of them.
    const headers = {
      host: 'docker',
      connection: 'close',
      ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': sent.length }),
    };
    const asked = request({ socketPath, method, path, headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > LONGEST) response.destroy(new Error('the answer has no end'));
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.once('error', reject);
    asked.end(sent);
  });
}
