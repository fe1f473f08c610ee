/**
 * A line to a server on this machine that takes its time, in a process of its own, so that what it costs is nobody's:
 * `slow-line.ts PORT MILLISECONDS` tells its port, and how many requests went over it whenever it is asked.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { argv } from 'node:process';

const [port, roundTrip] = argv.slice(2).map(Number) as [number, number];
const REQUEST = /^(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP\/1\.1\r$/gm;
let requests = 0;

/** Each piece arrives half a round trip later, in order; a connection costs a whole one before. */
function carry(from: Socket, into: Socket): void {
  from.setNoDelay();
  from.on('data', (bytes) => {
    setTimeout(() => {
      if (into.writable && !into.write(bytes) && !from.isPaused()) {
        from.pause();
        into.once('drain', () => from.resume());
      }
    }, roundTrip / 2);
  });
  from.on('end', () => setTimeout(() => into.end(), roundTrip / 2));
  from.on('error', () => into.destroy());
  from.on('close', () => into.destroy());
}

const server = createServer({ allowHalfOpen: true }, (near) => {
  near.pause();
  near.on('data', (bytes: Buffer) => {
    requests += bytes.toString('latin1').match(REQUEST)?.length ?? 0;
  });
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  setTimeout(() => {
    carry(near, far);
    carry(far, near);
    near.resume();
  }, roundTrip);
}).listen(0, '127.0.0.1');

await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
process.on('message', () => process.send?.({ requests }));
process.on('disconnect', () => process.exit());
