/** What a survey is asked, and what it has found: all that an execution goes by. */
import type { Node } from '../../../model/node.ts';
import type { RestoreRequest } from '../../source.ts';
import type { FilesOrigin } from '../selection.ts';
import { type Decision, type Decisions, writesAnew } from './decisions.ts';
import type { Destination } from './destination.ts';
import type { Owners } from './host.ts';
import type { Room } from './room.ts';
import type { Removal, SurplusRules } from './surplus.ts';

export interface Survey {
  readonly decisions: Decisions;
  readonly counts: { create: number; change: number; leave: number; remove: number; bytes: number };
  /** by the folder's number: what goes when all else in the folder is done */
  readonly surplus: ReadonlyMap<number, readonly Removal[]>;
  /** by the node's number: what goes out of the folder that lies where the node belongs */
  readonly inTheWay: ReadonlyMap<number, readonly Removal[]>;
  readonly room: Room;
}

export interface SurveyParts {
  readonly request: RestoreRequest;
  readonly origin: FilesOrigin;
  readonly destination: Destination;
  readonly owners: Owners;
  readonly rules: SurplusRules;
  readonly uid: number;
}

/** How many bytes are written for a node: none for a further name of a file. */
export function bytesOf(node: Node, decision: Decision): number {
  return node.type === 'file' && node.hardlink === undefined && writesAnew(decision) ? node.size : 0;
}
