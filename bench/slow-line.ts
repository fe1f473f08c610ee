/**
 * A line to a server on this machine that takes its time, in a process of its own, so that what it costs is nobody's:
 * `slow-line.ts PORT MILLISECONDS` tells its port, and how many requests went over it whenever it is asked: `dear` are those
 * that S3 charges as PUT, lists among them, `cheap` those that it charges as GET. Nothing is charged for a DELETE.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { argv } from 'node:process';

const [port, roundTrip] = argv.slice(2).map(Number) as [number, number];
const REQUEST = /^(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP\/1\.1\r\n/;
const LIST = /[?&](?:list-type|versions|uploads|prefix|delimiter)\b/;
/** Bytes in which the first line of a request ends. */
const LINE = 4096;
const counts = { dear: 0, cheap: 0, free: 0 };

/** Whoever waits for an answer before it asks anew begins each request with a piece of its own. */
function count(piece: Buffer): void {
  const [, method, target = ''] = REQUEST.exec(piece.toString('latin1', 0, LINE)) ?? [];
  if (method === undefined) return;
  if (method === 'DELETE') counts.free += 1;
  else counts[method === 'PUT' || method === 'POST' || LIST.test(target) ? 'dear' : 'cheap'] += 1;
}

/** A timer takes a millisecond at least, which a straight line doesn't. */
function later(work: () => void, milliseconds: number): void {
  if (milliseconds > 0) setTimeout(work, milliseconds);
  else work();
}

/** Each piece arrives half a round trip later, in order; a connection costs a whole one before. */
function carry(from: Socket, into: Socket): void {
  from.setNoDelay();
  from.on('data', (bytes) => {
    later(() => {
      if (into.writable && !into.write(bytes) && !from.isPaused()) {
        from.pause();
        into.once('drain', () => from.resume());
      }
    }, roundTrip / 2);
  });
  from.on('end', () => later(() => into.end(), roundTrip / 2));
  from.on('error', () => into.destroy());
  from.on('close', () => into.destroy());
}

const server = createServer({ allowHalfOpen: true }, (near) => {
  near.pause();
  near.on('data', count);
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  later(() => {
    carry(near, far);
    carry(far, near);
    near.resume();
  }, roundTrip);
}).listen(0, '127.0.0.1');

await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit());
