/** What the walk knows of each directory that it is in. */

import type { OpenDirectory } from '../../../base/open-directory.ts';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import type { CapturedNode } from '../../../model/capture.ts';
import type { Maildir, MailFolder } from './maildir.ts';
import type { Start } from './roots.ts';

export interface Level {
  readonly path: RawPath;
  readonly directory: OpenDirectory;
  readonly names: readonly RawName[];
  next: number;
  readonly device: bigint;
  /** everything in it is kept but what is excluded */
  readonly within: boolean;
  readonly inDatabase: boolean;
  /** its own node, as long as nothing is known to be in it that is kept */
  waiting: CapturedNode | undefined;
  /** what the user's list says is in this directory, where it only leads to roots */
  readonly starts: ReadonlyMap<RawName, Start> | undefined;
  /** set when it is a mail folder */
  readonly maildir: Maildir | undefined;
  /** set when it is the `cur` or `new` of a mail folder */
  readonly mail: MailFolder | undefined;
}
