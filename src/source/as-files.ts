/** What a command or a client has left in a snapshot is a folder like any other, with no place on a disk that it came from. */
import type { Origin } from '../model/snapshot.ts';

export const asFiles: Origin = {
  kind: 'files',
  layout: 'folder',
  roots: [],
  include: [],
  exclude: [],
  oneFileSystem: false,
};
