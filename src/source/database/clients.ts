/**
 * Running a server's client programs: those of this machine, or those inside the server's container. What they must know
 * goes to them by variables, so that neither a password nor a name that looks like an option is ever among the arguments.
 */
import { streamCommand } from '../../base/child-process.ts';
import { type HikaeError, isHikaeError } from '../../base/errors.ts';
import type { ServerAddress } from '../../model/snapshot.ts';
import { commandInContainer } from '../docker/exec.ts';
import { databaseErrors } from './errors.ts';

export interface ClientsOptions {
  /** how the server is called in errors */
  readonly server: string;
  readonly address: ServerAddress;
  /** the environment of every child, with nothing in it that is meant for somebody else */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** what every client of this server is told, secrets among it */
  readonly variables: Readonly<Record<string, string>>;
  /** who the clients run as on this machine, where we are root */
  readonly identity?: { readonly uid: number; readonly gid: number };
  /** who they run as inside a container: a name there, or numbers */
  readonly containerUser?: string;
  /** what a client has failed with, by what it said on stderr */
  readonly explain: (said: string, call: ClientCall) => HikaeError;
}

export interface ClientCall {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly input?: AsyncIterable<Uint8Array>;
  /** the database that it is about, for errors */
  readonly database?: string;
  /** gets what it said on stderr although it ended well */
  readonly said?: (text: string) => void;
}

export interface Clients {
  /** What the client prints, as it comes; it ends well only if the client does. */
  stream(call: ClientCall, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** All that it prints, which is little. */
  run(call: ClientCall, signal: AbortSignal): Promise<Buffer>;
}

export function createClients(options: ClientsOptions): Clients {
  const clients: Clients = {
    async *stream(call, signal) {
      const { argv, ...rest } = commandOf(call, options);
      let printed = '';
      try {
        for await (const part of streamCommand(argv, { ...rest, signal })) {
          if (printed === '') printed = Buffer.from(part.subarray(0, SAID)).toString();
          yield part;
        }
      } catch (error) {
        throw explained(error, call, options, printed);
      }
    },
    async run(call, signal) {
      const parts: Uint8Array[] = [];
      for await (const part of clients.stream(call, signal)) parts.push(part);
      return Buffer.concat(parts);
    },
  };
  return clients;
}

/** How much of what is printed first may say why nothing could be printed, in bytes. */
const SAID = 1_024;

/** Other users may not enter the folder that we were started in, and a client has no business there. */
const FOLDER = '/';

function commandOf(call: ClientCall, options: ClientsOptions) {
  const { address, identity, containerUser } = options;
  const variables = { ...options.variables, ...call.variables };
  const streams = {
    ...(call.input === undefined ? {} : { input: call.input }),
    ...(call.said === undefined ? {} : { said: call.said }),
  };
  const client = [call.program, ...call.arguments];
  if (address.via !== 'docker') {
    return {
      argv: client,
      environment: { ...options.environment, ...variables },
      folder: FOLDER,
      ...(identity === undefined ? {} : { identity }),
      ...streams,
    };
  }
  const { container } = address;
  const user = containerUser === undefined ? {} : { user: containerUser };
  const command = commandInContainer({ container, argv: client, variables, ...user }, options.environment);
  return { ...command, folder: FOLDER, ...streams };
}

const containerSays = {
  missing: /executable file not found|no such file or directory: unknown/i,
  gone: /oci runtime exec failed|no such container|is not running|is paused|is restarting|cannot connect to the docker daemon/i,
} as const;

/** `docker exec` tells on stdout what it could not start, and the client's own words come on stderr. */
function explained(error: unknown, call: ClientCall, options: ClientsOptions, printed: string): unknown {
  const { server, address, explain } = options;
  if (isHikaeError(error, 'COMMAND_NOT_STARTED')) {
    const program = address.via === 'docker' ? 'docker' : call.program;
    const reason = String(error.details.reason);
    return databaseErrors.DATABASE_CLIENT_MISSING({ program, server, reason }, { cause: error });
  }
  if (!isHikaeError(error, 'COMMAND_FAILED')) return error;
  const unstarted = printed.startsWith('OCI runtime exec failed') ? printed : '';
  const said = unstarted + String(error.details.said);
  const reason = lastLines(said) || String(error.details.ending);
  if (address.via === 'docker' && containerSays.missing.test(said)) {
    return databaseErrors.DATABASE_CLIENT_MISSING(
      { program: call.program, server, reason },
      { cause: error },
    );
  }
  if (address.via === 'docker' && containerSays.gone.test(said))
    return databaseErrors.DATABASE_CONTAINER_GONE({ server, reason }, { cause: error });
  return explain(reason, call);
}

/** The end of what was said is why it ended; a flood of warnings before it isn't. */
export function lastLines(said: string): string {
  return said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-4)
    .join(' ')
    .slice(-600);
}
