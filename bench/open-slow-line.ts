/** Starts the slow line, which counts requests. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface SlowLine {
  readonly port: number;
  requests(): Promise<number>;
  close(): void;
}

/** A line to a server on this machine whose round trips take so many milliseconds. */
export async function openSlowLine(port: number, trip: number): Promise<SlowLine> {
  const child = fork(fileURLToPath(new URL('./slow-line.ts', import.meta.url)), [String(port), String(trip)]);
  const [told] = (await once(child, 'message')) as [{ port: number }];
  return {
    port: told.port,
    async requests() {
      child.send('count');
      const [answer] = (await once(child, 'message')) as [{ requests: number }];
      return answer.requests;
    },
    close: () => void child.kill(),
  };
}
