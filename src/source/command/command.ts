/** The output of a command as a component: one folder with one file in it. */

import { streamCommand } from '../../base/child-process.ts';
import type { Clock } from '../../base/clock.ts';
import { type RawName, type RawPath, rawFromText } from '../../base/raw-path.ts';
import type { Capture, CapturedNode } from '../../model/capture.ts';
import type { Origin } from '../../model/snapshot.ts';
import { asFiles } from '../as-files.ts';
import { sourceErrors } from '../errors.ts';
import type { CaptureOptions, RestoreRequest, Source } from '../source.ts';
import { streamMetadata } from '../stream-nodes.ts';

export interface CommandHost {
  readonly clock: Clock;
  /** the whole environment of the commands: PATH, HOME, LANG */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** who owns the file that the output becomes */
  readonly owner: {
    readonly uid: number;
    readonly gid: number;
    readonly user: string;
    readonly group: string;
  };
  /** how a tree of files is restored into a folder */
  readonly planFiles: Source['planRestore'];
}

type CommandOrigin = Extract<Origin, { kind: 'command' }>;

export function createCommandSource(host: CommandHost): Source {
  return {
    kind: 'command',
    async capture(origin, options) {
      return captureCommand(originOf(origin), options, host);
    },
    async present() {
      return undefined;
    },
    async planRestore(request, options) {
      const { component, to } = request;
      if (to.kind === 'in-place') throw sourceErrors.SOURCE_NOT_IN_PLACE({ component });
      return host.planFiles({ ...request, origin: asFiles } satisfies RestoreRequest, options);
    },
  };
}

function originOf(origin: Origin): CommandOrigin {
  if (origin.kind !== 'command')
    throw new TypeError(`the command source got an origin of kind ${origin.kind}`);
  return origin;
}

/** The command runs when the content is opened; an end with another status than 0 is thrown there. */
function captureCommand(origin: CommandOrigin, options: CaptureOptions, host: CommandHost): Capture {
  const { component, signal } = options;
  signal.throwIfAborted();
  const { argv, file } = origin;
  if (file === '' || file === '.' || file === '..' || /[/\0]/.test(file)) {
    throw sourceErrors.SOURCE_FILE_NAME({ component, file });
  }
  const root: CapturedNode = {
    metadata: streamMetadata('' as RawPath, 'dir', 0o755, host),
    xattrs: () => [],
  };
  const output: CapturedNode = {
    metadata: streamMetadata(rawFromText(file) as RawName, 'file', 0o600, host),
    xattrs: () => [],
    content: {
      kind: 'stream',
      // The file has the name that the policy gives it, and lies in the vault as the command wrote it.
      compressible: false,
      open: (opened) => streamCommand(argv, { signal: opened, environment: host.environment }),
    },
  };
  return {
    async *nodes() {
      signal.throwIfAborted();
      yield [root, output];
    },
    close: async () => {},
  };
}
