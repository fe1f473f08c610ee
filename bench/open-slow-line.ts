/** Starts the slow line, which counts requests. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Requests, by what S3 charges for them: as for a PUT, as for a GET, nothing. */
export interface Requests {
  readonly dear: number;
  readonly cheap: number;
  readonly free: number;
}

export interface SlowLine {
  readonly port: number;
  readonly pid: number;
  requests(): Promise<Requests>;
  close(): void;
}

/** A line to a server on this machine whose round trips take so many milliseconds. */
export async function openSlowLine(port: number, trip: number): Promise<SlowLine> {
  const child = fork(fileURLToPath(new URL('./slow-line.ts', import.meta.url)), [String(port), String(trip)]);
  const [told] = (await once(child, 'message')) as [{ port: number }];
  return {
    port: told.port,
    pid: child.pid ?? 0,
    async requests() {
      child.send('count');
      const [answer] = (await once(child, 'message')) as [Requests];
      return answer;
    },
    close: () => void child.kill(),
  };
}

export function since(before: Requests, now: Requests): Requests {
  return { dear: now.dear - before.dear, cheap: now.cheap - before.cheap, free: now.free - before.free };
}

export function totalOf({ dear, cheap, free }: Requests): number {
  return dear + cheap + free;
}
