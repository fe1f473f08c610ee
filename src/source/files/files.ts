/** Folders and files as a source: both halves behind the room's face. */
import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Origin } from '../../model/snapshot.ts';
import type { Source } from '../source.ts';
import { readAccounts } from './accounts.ts';
import { captureFiles } from './capture/capture.ts';
import { planFilesRestore } from './restore/restore.ts';
import type { FilesOrigin } from './selection.ts';

export interface FilesHost {
  readonly clock: Clock;
  /** the folder that `passwd` and `group` are in: `/etc` */
  readonly accounts: string;
  /** the effective user who runs; 0 may give files away */
  readonly uid: number;
  /** so many random bytes, for temporary names */
  random(size: number): Buffer;
}

/** Owners are looked up anew for each capture and each restore. */
export function createFilesSource(host: FilesHost): Source {
  const { clock, accounts, uid } = host;
  return {
    kind: 'files',
    async capture(origin, options) {
      return captureFiles(originOf(origin), options, { clock, names: () => readAccounts(accounts).names });
    },
    async present(origin) {
      const files = originOf(origin);
      const roots = files.roots.filter((root) => existsSync(root));
      return roots.length === 0 ? undefined : { ...files, roots };
    },
    async planRestore(request, options) {
      const { ids } = readAccounts(accounts);
      const restoreHost = { ids, uid, random: (size: number) => host.random(size) };
      return planFilesRestore({ ...request, origin: originOf(request.origin) }, restoreHost, options);
    },
  };
}

function originOf(origin: Origin): FilesOrigin {
  if (origin.kind !== 'files') throw new TypeError(`the files source got an origin of kind ${origin.kind}`);
  return origin;
}
