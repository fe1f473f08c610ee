/**
 * Takes a snapshot of SOURCE into the vault at VAULT, of the day DAY, when a line comes in; tells each step as a line as
 * soon as it is reached, so that somebody can choose when to kill it.
 */

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { Event } from '../../../src/model/events.ts';
import { captureOf, dayTime, draftOf, never, openVault, originOf } from '../../vault/taking.ts';

const [root = '', place = '', day = ''] = process.argv.slice(2);
const say = (step: string) => void writeSync(1, `${step}\n`);
const emit = (event: Event) => {
  if (event.type === 'phase') say(event.phase);
};

say('ready');
await once(process.stdin, 'data');
process.stdin.destroy();
say('beginning');
const vault = await openVault(place);
const writable = await vault.acquire({ wait: 0, emit, signal: never });
const writer = await writable.begin(draftOf({ time: dayTime(Number(day)) }), { emit, signal: never });
say('storing');
await writer.component({ name: 'c', origin: originOf({ root }) }, (troubles) =>
  captureOf({ root }, troubles),
);
say('listing');
await writer.publish();
say('published');
await writable.release();
say('released');
