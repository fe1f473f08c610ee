/** A line to a server on this machine that can be cut, or go dead without a word. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Line {
  readonly port: number;
  /** connections that were made over it */
  readonly connections: number;
  /** bytes that have gone to the server */
  readonly sent: number;
  /** Ends all connections at once, as when a router restarts. */
  cut(): void;
  /** Cuts when so many more bytes have gone to the server. */
  cutAfter(bytes: number): void;
  /** Nothing arrives any more, and nobody is told. */
  goDead(): void;
  close(): Promise<void>;
}

export async function openLine(to: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let sent = 0;
  let remaining = Number.POSITIVE_INFINITY;
  let isDead = false;

  function cut(): void {
    remaining = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  }

  const server = createServer((near) => {
    connections += 1;
    const far = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay();
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
      from.on('data', (bytes) => {
        if (isDead) return;
        if (from === near) {
          sent += bytes.length;
          remaining -= bytes.length;
        }
        if (remaining <= 0) cut();
        else if (!into.write(bytes)) {
          from.pause();
          into.once('drain', () => from.resume());
        }
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get sent() {
      return sent;
    },
    cut,
    cutAfter(bytes) {
      remaining = bytes;
    },
    goDead() {
      isDead = true;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
