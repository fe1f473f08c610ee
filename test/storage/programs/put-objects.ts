/**
 * Puts objects into a local storage. Given `sync` it puts two at once, two more for a sync, syncs and ends; given `wait` it
 * puts one for a sync, is in the middle of another, says so and waits to be killed.
 */
import { randomBytes } from 'node:crypto';
import { openLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { keyFrom } from '../../../src/storage/storage.ts';

const [, , path = '', mode = ''] = process.argv;
const { signal } = new AbortController();
const storage = await openLocalStorage(path, { create: true, random: randomBytes });
const bytes = Buffer.alloc(300_000, 'x');
if (mode === 'sync') {
  await storage.put(keyFrom('now/first'), bytes, { signal });
  await storage.put(keyFrom('now/second'), bytes, { signal });
  await storage.put(keyFrom('later/first'), bytes, { signal, durable: 'at-sync' });
  await storage.put(keyFrom('later/second'), bytes, { signal, durable: 'at-sync' });
  await storage.sync({ signal });
  await storage.remove(keyFrom('now/first'), { signal });
  await storage.close();
} else {
  await storage.put(keyFrom('later'), bytes, { signal, durable: 'at-sync' });
  await storage.put(
    keyFrom('unfinished'),
    {
      size: bytes.length,
      async *open() {
        yield bytes.subarray(0, 100_000);
        process.stdout.write('in the middle\n');
        await new Promise((resolve) => setTimeout(resolve, 600_000));
      },
    },
    { signal },
  );
}
