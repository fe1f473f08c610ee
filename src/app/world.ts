/** The world outside as the command sees it: one value, so that a test can put another one in its place. */
import { availableParallelism, hostname } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Processor } from '../base/processor.ts';
import type { ResticVaultOptions } from '../vault/restic/restic-vault.ts';

export interface World {
  /** what stands on the command line after the name of the command */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** for what a person is asked */
  readonly stdin: InputStream;
  /** for results; everything else goes to stderr */
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly clock: Clock;
  readonly processor: Processor;
  readonly random: (bytes: number) => Uint8Array;
  /** what it costs to try a password that is new to a repository; where absent, what it costs with restic */
  readonly keyCost?: ResticVaultOptions['cost'];
  readonly host: string;
  /** the machine's own time zone, by its IANA name */
  readonly zone: string;
  /** who runs this; 0 is root */
  readonly uid: number;
  readonly gid: number;
  /** the Node.js that runs this, for programs of ours that are processes of their own */
  readonly node: string;
  /** Calls back each time that somebody asks us to end; the returned function stops listening. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Ends the process at once, whatever it is doing. */
  readonly exit: (code: number) => never;
}

/** A stream that somebody may type on. */
export type InputStream = Readable & { readonly isTTY?: boolean };

/** A stream that may be a terminal; `columns` changes when its window does. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** A closed terminal (SIGHUP) asks as politely as Ctrl-C and systemd do. */
const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function realWorld(): World {
  return {
    argv: process.argv.slice(2),
    environment: process.env,
    folder: process.cwd(),
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    processor: {
      count: availableParallelism(),
      used() {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
    },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    host: hostname(),
    // Only when it is asked for: the time zones take longer to load than everything else here.
    get zone() {
      return new Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    node: process.execPath,
    onInterrupt(listener) {
      for (const signal of interrupts) process.on(signal, listener);
      return () => {
        for (const signal of interrupts) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}
