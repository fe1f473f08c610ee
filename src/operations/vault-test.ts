/**
 * vault test: a place of a vault is put to use beside the vault itself. The medium is asked what it keeps, then a small
 * vault of the wanted kind is made there, filled, read back and taken away.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { isHikaeError } from '../base/errors.ts';
import type { Bilingual } from '../base/language.ts';
import { textOf } from '../base/raw-path.ts';
import type { Origin, SnapshotEntry } from '../model/snapshot.ts';
import type { Vault } from '../vault/vault.ts';
import { newId, type Parts, type PolicyParts } from './parts.ts';
import { type VaultStep, vaultSteps } from './vault-test-words.ts';

/** As the checks of media tell it. */
export interface TestEnd {
  readonly name: string;
  /** `refused`: these keys may not remove what it put; `not-asked`: nothing of the kind is there, or something before it failed */
  readonly end: 'kept' | 'broken' | 'refused' | 'not-asked';
  readonly seconds: number;
  readonly what: Bilingual;
  readonly why?: Bilingual;
  readonly mend?: Bilingual;
  /** what was found, where it does not hold */
  readonly reason?: string;
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly told?: Bilingual;
}

/** What is left after cleaning up; times in milliseconds since 1970 UTC. */
export interface Remains {
  /** objects that could not be removed */
  readonly objects: number;
  /** versions that are hidden, where the medium keeps such: the lifecycle removes them */
  readonly versions: number;
  /** until when some of these are locked */
  readonly until?: number;
}

/** A place beside a vault of the policy, for a test alone. */
export interface TestPlace {
  readonly location: string;
  /** a folder of this machine with some files to be stored */
  readonly sample: string;
  /** the objects are locked, for minutes */
  readonly locked: boolean;
  checks(): AsyncIterable<TestEnd>;
  /** Makes the small vault. */
  vault(): Promise<Vault>;
  /** Removes all that it has put there, also when everything was cancelled. */
  clean(): Promise<Remains>;
}

export interface VaultTestParts extends PolicyParts {
  readonly openTestPlace: (vault: string) => Promise<TestPlace>;
}

export interface VaultTest {
  readonly vault: string;
  readonly place: string;
  readonly checks: readonly TestEnd[];
  readonly remains: Remains;
  /** checks that do not hold */
  readonly wrong: number;
}

export async function testVault(name: string, parts: VaultTestParts): Promise<VaultTest> {
  parts.emit({ type: 'phase', phase: 'verifying' });
  const place = await parts.openTestPlace(name);
  const checks: TestEnd[] = [];
  let remains: Remains | undefined;
  try {
    for (const ends of [place.checks(), useVault(place, parts)]) {
      for await (const one of ends) {
        checks.push(one);
        tell(name, one, parts);
      }
    }
  } finally {
    remains = await place.clean();
  }
  const wrong = checks.filter(({ end }) => end === 'broken').length;
  return { vault: name, place: place.location, checks, remains, wrong };
}

function tell(vault: string, { name, end, what, seconds, reason }: TestEnd, { emit }: Parts): void {
  emit({
    type: 'check.finished',
    vault,
    name,
    end,
    what,
    seconds,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Each step needs those before it; after one that fails none is taken. */
async function* useVault(place: TestPlace, parts: Parts): AsyncGenerator<TestEnd> {
  const { clock, signal } = parts;
  const use = new VaultUse(place, parts);
  let failed = false;
  try {
    for (const step of vaultSteps) {
      const { name, what, why, mend } = step;
      if (failed || (step.locked === true && !place.locked)) {
        yield { name, what, end: 'not-asked', seconds: 0 };
        continue;
      }
      const began = clock.elapsed();
      try {
        await use.take(step);
      } catch (error) {
        signal.throwIfAborted();
        if (!isHikaeError(error) && !(error instanceof Unkept)) throw error;
        const refused = isHikaeError(error, 'STORAGE_REFUSED') && error.details.operation === 'remove';
        const end = refused ? 'refused' : 'broken';
        failed = true;
        const seconds = clock.elapsed() - began;
        yield { name, what, why, mend, end, seconds, reason: error.message };
        continue;
      }
      yield { name, what, end: 'kept', seconds: clock.elapsed() - began };
    }
  } finally {
    await use.close();
  }
}

/** What a step found is not what it should be. */
class Unkept extends Error {}

class VaultUse {
  readonly #place: TestPlace;
  readonly #parts: Parts;
  readonly #taken: SnapshotEntry[] = [];
  #opened: Vault | undefined;

  constructor(place: TestPlace, parts: Parts) {
    this.#place = place;
    this.#parts = parts;
  }

  async take({ name }: VaultStep): Promise<void> {
    const steps: Readonly<Record<VaultStep['name'], () => Promise<void>>> = {
      'vault-made': () => this.#make(),
      'snapshot-stored': () => this.#store(),
      'snapshot-shared': () => this.#share(),
      'snapshot-read': () => this.#read(),
      'snapshot-verified': () => this.#verify(),
      'snapshot-proven': () => this.#prove(),
      'snapshot-removed': () => this.#remove(),
    };
    await steps[name]();
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  get #vault(): Vault {
    if (this.#opened === undefined) throw new TypeError('no vault was made');
    return this.#opened;
  }

  get #newest(): SnapshotEntry {
    const newest = this.#taken.at(-1);
    if (newest === undefined) throw new TypeError('no snapshot was stored');
    return newest;
  }

  async #make(): Promise<void> {
    this.#opened = await this.#place.vault();
  }

  async #store(): Promise<void> {
    const { sample } = this.#place;
    const { host, zone, version, clock, random, emit, signal, lockWait } = this.#parts;
    const origin: Origin = {
      kind: 'files',
      layout: 'folder',
      roots: [sample],
      include: [],
      exclude: [],
      oneFileSystem: false,
    };
    const writable = await this.#vault.acquire({ wait: lockWait, emit, signal });
    try {
      const id = newId(random);
      const time = clock.now();
      const draft = { id, target: 'test', host, time, zone, schedule: 'daily', trigger: 'manual' } as const;
      const writer = await writable.begin({ ...draft, hikae: version }, { emit, signal });
      try {
        const source = await this.#parts.source('files');
        await writer.component({ name: 'sample', origin }, (troubles) =>
          source.capture(origin, { component: 'sample', signal, avoid: [], troubles }),
        );
        this.#taken.push(await writer.publish());
      } catch (error) {
        await writer.abandon({ discard: true });
        throw error;
      }
    } finally {
      await writable.release();
    }
  }

  async #share(): Promise<void> {
    await this.#store();
    const { snapshots } = await this.#vault.list(this.#parts);
    if (snapshots.length !== 2) throw new Unkept(`${snapshots.length} snapshots are listed of 2`);
  }

  async #read(): Promise<void> {
    const { readFile } = await import('node:fs/promises');
    const { signal } = this.#parts;
    const reader = await this.#vault.open(this.#newest, { signal });
    let files = 0;
    try {
      for await (const batch of reader.nodes({ signal })) {
        for (const node of batch) {
          if (node.type !== 'file') continue;
          files += 1;
          const hash = createHash('sha256');
          for await (const piece of reader.content(node, { signal })) hash.update(piece);
          const name = basename(textOf(node.path) ?? '');
          const own = await readFile(`${this.#place.sample}/${name}`);
          if (hash.digest('hex') !== createHash('sha256').update(own).digest('hex'))
            throw new Unkept(`${name} came back otherwise`);
        }
      }
    } finally {
      await reader.close();
    }
    if (files === 0) throw new Unkept('no file came back');
  }

  async #verify(): Promise<void> {
    const { emit, signal } = this.#parts;
    const { findings } = await this.#vault.verify(this.#taken, { level: 'full', emit, signal });
    const [first] = findings;
    if (first !== undefined) throw new Unkept(`${first.path}: ${first.reason}`);
  }

  async #prove(): Promise<void> {
    const { emit, signal } = this.#parts;
    const proof = await this.#vault.prove?.(this.#newest, { emit, signal });
    if (proof?.protectedUntil === undefined) throw new Unkept('not every object is known to be locked');
    const [first] = proof.findings;
    if (first !== undefined) throw new Unkept(`${first.key}: ${first.flaw}`);
  }

  /** What is locked must stay, and be told as such. */
  async #remove(): Promise<void> {
    const { emit, signal, lockWait } = this.#parts;
    const writable = await this.#vault.acquire({ wait: lockWait, emit, signal });
    try {
      await writable.remove(this.#newest, { signal });
      if (this.#place.locked) throw new Unkept('a locked snapshot was removed');
    } catch (error) {
      if (!this.#place.locked || !isHikaeError(error, 'SNAPSHOT_LOCKED')) throw error;
    } finally {
      await writable.release();
    }
  }
}
