/**
 * The containers that write to a volume, standing still while it is read. A process that outlives us is ready, and a record
 * is on the disk, before the first of them is paused; both let them go on should we not live to do it.
 */
import { type OutlivingProcess, startOutliving } from '../../base/outliving-process.ts';
import { ownProcess } from '../../base/process-identity.ts';
import { moduleBeside } from '../../base/worker-pool.ts';
import type { Container, Engine } from '../docker/engine.ts';
import { volumeErrors } from './errors.ts';
import { goOn } from './go-on.ts';
import { type HaltRecord, haltPath, readHalt, writeHalt } from './halt-record.ts';
import type { VolumeHost } from './host.ts';

export interface Pause {
  /** aborted with an error when the time is over or the watching process has gone; the containers go on then */
  readonly broken: AbortSignal;
  /** Lets them go on; fails when they did not stand still the whole time. */
  end(): Promise<void>;
  /** Lets them go on where nobody asks any more whether they stood still. */
  abandon(): Promise<void>;
}

interface PauseRequest {
  readonly volume: string;
  /** how long at most, in milliseconds */
  readonly longest: number;
  readonly signal: AbortSignal;
}

/** How long the watching process may take to let them go on, in milliseconds, before we do it. */
const PATIENCE = 5_000;
const TURNS = 20;

/** Undefined when no container that may write to it runs. Those that somebody else has paused stay as they are. */
export async function pauseWriters(
  { volume, longest, signal }: PauseRequest,
  engine: Engine,
  host: VolumeHost,
): Promise<Pause | undefined> {
  const began = host.clock.elapsed();
  const containers = (await engine.usersOf(volume, { signal })).filter((one) => isWriting(one, volume));
  if (containers.length === 0) return undefined;
  const path = haltPath(host.halts, 'paused', Buffer.from(host.random(8)).toString('hex'));
  const record: HaltRecord = {
    kind: 'paused',
    volume,
    socket: engine.socket,
    containers: containers.map(({ id, name }) => ({ id, name })),
    since: host.clock.now(),
    owner: await ownProcess({ signal }),
  };
  writeHalt(path, record);
  const program = new URL(moduleBeside(import.meta.url, 'watchdog')).pathname;
  const watchdog = startOutliving([host.node, program, path, String(longest)], {});
  const held = new HeldPause({ path, volume, longest, began }, watchdog, engine, host);
  try {
    await held.watched();
    const paused: HaltRecord['containers'][number][] = [];
    for (const container of record.containers) {
      if (await engine.pause(container.id, { signal })) paused.push(container);
    }
    // One that another has paused meanwhile is his to let go on.
    if (paused.length < containers.length) writeHalt(path, { ...record, containers: paused });
    return held;
  } catch (error) {
    await held.abandon();
    throw error;
  }
}

/** A container that may only read changes nothing, and an outage for it would be one for nothing. */
function isWriting({ state, mounts }: Container, volume: string): boolean {
  const writes = mounts.some((mount) => mount.volume === volume && mount.writable);
  return writes && state !== 'paused' && isAlive(state);
}

function isAlive(state: string): boolean {
  return state === 'running' || state === 'restarting';
}

interface PauseFacts {
  readonly path: string;
  readonly volume: string;
  readonly longest: number;
  /** seconds on the clock that is never set */
  readonly began: number;
}

class HeldPause implements Pause {
  readonly #broken = new AbortController();
  readonly #facts: PauseFacts;
  readonly #watchdog: OutlivingProcess;
  readonly #engine: Engine;
  readonly #host: VolumeHost;
  readonly #limit: NodeJS.Timeout;
  #over: Promise<void> | undefined;

  constructor(facts: PauseFacts, watchdog: OutlivingProcess, engine: Engine, host: VolumeHost) {
    this.#facts = facts;
    this.#watchdog = watchdog;
    this.#engine = engine;
    this.#host = host;
    this.#limit = setTimeout(() => this.#break(this.#exceeded()), facts.longest);
    void watchdog.ended.then(() => {
      if (this.#over !== undefined) return;
      const { volume } = facts;
      this.#break(
        this.#isTimeOver()
          ? this.#exceeded()
          : volumeErrors.VOLUME_WATCH_FAILED({ volume, reason: 'it has ended' }),
      );
    });
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  async watched(): Promise<void> {
    try {
      await this.#watchdog.ready;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw volumeErrors.VOLUME_WATCH_FAILED({ volume: this.#facts.volume, reason }, { cause: error });
    }
  }

  async end(): Promise<void> {
    const signal = new AbortController().signal;
    const users = await this.#whatRuns(signal);
    const exceeded = this.#isTimeOver();
    await this.abandon();
    this.broken.throwIfAborted();
    if (exceeded) throw this.#exceeded();
    const { volume } = this.#facts;
    for (const { name } of users) throw volumeErrors.VOLUME_NOT_STILL({ container: name, volume });
  }

  abandon(): Promise<void> {
    this.#over ??= this.#goOn();
    return this.#over;
  }

  /** Containers that could have written at the end of it: unpaused by somebody, or started meanwhile. */
  async #whatRuns(signal: AbortSignal): Promise<readonly Container[]> {
    const { volume } = this.#facts;
    try {
      return (await this.#engine.usersOf(volume, { signal })).filter((one) => isWriting(one, volume));
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  #isTimeOver(): boolean {
    return (this.#host.clock.elapsed() - this.#facts.began) * 1000 > this.#facts.longest;
  }

  #exceeded(): Error {
    const { volume, longest } = this.#facts;
    return volumeErrors.VOLUME_PAUSE_EXCEEDED({ volume, seconds: longest / 1000 });
  }

  #break(reason: Error): void {
    this.#broken.abort(reason);
    // Whoever closes the capture waits for the same promise, and is told what it fails with.
    this.abandon().catch(() => {});
  }

  /** The watching process does it, as it would after our death; what it leaves is done here. */
  async #goOn(): Promise<void> {
    clearTimeout(this.#limit);
    this.#watchdog.letGo();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE);
    });
    await Promise.race([this.#watchdog.ended, late]);
    clearTimeout(timer);
    const { path } = this.#facts;
    // It removes the record when it has done its work.
    if (readHalt(path) === undefined) return;
    await goOn(path, { turns: TURNS, signal: new AbortController().signal });
  }
}
