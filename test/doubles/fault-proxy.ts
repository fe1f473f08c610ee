/**
 * A way to an S3 server on which things go wrong: it passes requests on and spoils the ones that it is told to. Requests stay as
 * they were signed, so that the server behind takes them for its own.
 */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What may happen to a request; `lost-answer` and `error-after` come after the server has done what it was asked. */
export const faultKinds = [
  'reset',
  'stall',
  'slow-down',
  'expired-token',
  'truncate',
  'lost-answer',
  'error-after',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** the requests since the last `arm` */
  readonly seen: readonly SeenRequest[];
  /** Says what becomes of the requests from now on, the first of which has the number 1. */
  arm(choose: (number: number, seen: SeenRequest) => FaultKind | undefined): void;
  close(): Promise<void>;
}

/** @param port of the server behind, on loopback */
export async function openFaultProxy(port: number): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  let seen: SeenRequest[] = [];
  let choose: (number: number, seen: SeenRequest) => FaultKind | undefined = () => undefined;

  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '' } = incoming;
    const now = { method, path: url };
    seen.push(now);
    const fault = choose(seen.length, now);
    // What the client hangs up on is no error of the proxy's.
    incoming.on('error', () => {});
    outgoing.on('error', () => {});
    handle(fault, incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function handle(fault: FaultKind | undefined, incoming: IncomingMessage, outgoing: ServerResponse) {
    if (fault === 'reset') {
      outgoing.destroy();
      return;
    }
    const body = await bytesOf(incoming);
    if (fault === 'stall') return;
    if (fault === 'slow-down') return refuse(outgoing, 503, 'SlowDown');
    if (fault === 'expired-token') return refuse(outgoing, 400, 'ExpiredToken');
    const { method, url: path, rawHeaders } = incoming;
    const passed = request({ port, host: '127.0.0.1', method, path, headers: rawHeaders, agent });
    passed.end(body);
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    const content = await bytesOf(answer);
    if (fault === 'lost-answer') {
      outgoing.destroy();
      return;
    }
    if (fault === 'error-after') return refuse(outgoing, 500, 'InternalError');
    outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    if (fault !== 'truncate') {
      outgoing.end(content);
      return;
    }
    outgoing.write(content.subarray(0, content.length / 2), () => outgoing.destroy());
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get seen() {
      return seen;
    },
    arm(next) {
      seen = [];
      choose = next;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function refuse(outgoing: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>planted</Message></Error>`;
  outgoing.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length });
  outgoing.end(body);
}
