/** The header of a snapshot that restic or another program has written, as far as its file can tell. */
import type { SnapshotHeader } from '../../model/snapshot.ts';
import type { SnapshotFile } from './format/snapshot-file.ts';
import { parseTime } from './format/times.ts';

/** The one component that such a snapshot has: its absolute paths lie below it. */
export const FOREIGN_COMPONENT = 'files';

/**
 * A target of a policy can't have a colon in its name: so no retention of a policy ever counts, or removes, what others
 * have put into the same repository.
 */
export function foreignHeader(id: string, file: SnapshotFile): SnapshotHeader {
  const { time, paths, hostname = '', program_version: program = '' } = file;
  const roots = paths.length === 0 ? ['/'] : paths;
  return {
    id: id.slice(0, 32),
    target: `restic:${roots[0]}`,
    host: hostname,
    time: Number(parseTime(time) / 1_000_000n),
    zone: 'UTC',
    schedule: 'daily',
    trigger: 'manual',
    hikae: program,
    components: [
      {
        name: FOREIGN_COMPONENT,
        origin: { kind: 'files', layout: 'list', roots, include: [], exclude: [], oneFileSystem: false },
        complete: true,
        nodes: 0,
        files: 0,
        bytes: 0,
      },
    ],
    notes: 0,
    problems: 0,
    troubles: [],
  };
}
