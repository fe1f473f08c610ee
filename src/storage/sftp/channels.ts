/**
 * The channels of a storage. Each has a process of its own on the server, so that one which waits for the disk holds up
 * nobody else. A connection that has ended is replaced by a new one when it is needed next.
 */

import { unlessAborted } from '../../base/abort.ts';
import { Channel, RequestFailure } from './channel.ts';
import type { Connection } from './connection.ts';

/** sshd lets 10 sessions through by default, and others may use the same connection's host. */
const MOST = 4;

export class Channels {
  readonly #connect: (signal: AbortSignal) => Promise<Connection>;
  #connection: Promise<Connection> | undefined;
  #channels: Channel[] = [];
  #most = MOST;
  #opening: Promise<Channel> | undefined;
  readonly #ending = new AbortController();

  constructor(connect: (signal: AbortSignal) => Promise<Connection>) {
    this.#connect = connect;
  }

  /** Lends the channel that has least to do. What is opened on a channel is of use on that one only. */
  async use<Result>(signal: AbortSignal, work: (channel: Channel) => Promise<Result>): Promise<Result> {
    const { channel, giveBack } = await this.lend(signal);
    try {
      return await work(channel);
    } finally {
      giveBack();
    }
  }

  async lend(signal: AbortSignal): Promise<{ readonly channel: Channel; giveBack(): void }> {
    const channel = await this.#choose(signal);
    channel.users += 1;
    return {
      channel,
      giveBack: () => {
        channel.users -= 1;
      },
    };
  }

  async end(): Promise<void> {
    this.#ending.abort(new Error('the storage was closed'));
    for (const channel of this.#channels) channel.end();
    this.#channels = [];
    const connection = await this.#connection?.catch(() => undefined);
    connection?.end();
  }

  async #choose(signal: AbortSignal): Promise<Channel> {
    this.#channels = this.#channels.filter(({ isOpen }) => isOpen);
    const [least] = [...this.#channels].sort((a, b) => a.users - b.users);
    if (least !== undefined && (least.users === 0 || this.#channels.length >= this.#most)) return least;
    // Several may wait for it, so that it is not for one of them to stop it.
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    try {
      return await unlessAborted(this.#opening, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (least === undefined || !least.isOpen) throw error;
      // The server lets through no more than these.
      this.#most = this.#channels.length;
      return least;
    }
  }

  async #open(): Promise<Channel> {
    const connection = await this.#connected();
    try {
      const channel = new Channel(await connection.openSftp());
      this.#channels.push(channel);
      return channel;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new RequestFailure(error.message, undefined, { cause: error });
    }
  }

  async #connected(): Promise<Connection> {
    const current = await this.#connection?.catch(() => undefined);
    if (current !== undefined && current.ended === undefined) return current;
    this.#most = MOST;
    this.#connection = this.#connect(this.#ending.signal);
    return this.#connection;
  }
}
