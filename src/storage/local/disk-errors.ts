/** What the operating system says of a disk, as errors of the room. */
import { systemCode } from '../../base/errors.ts';
import { storageErrors } from '../errors.ts';
import type { Key } from '../key.ts';
import type { Storage } from '../storage.ts';

const full = new Set(['ENOSPC', 'EDQUOT']);
const refused = new Set(['EACCES', 'EPERM', 'EROFS']);
/** What a folder that lies behind a network says when its server doesn't answer, or was started anew. */
const interrupted = new Set(['ETIMEDOUT', 'ESTALE', 'EHOSTDOWN', 'EHOSTUNREACH', 'ECONNABORTED']);
/** What can't be done without the object. For the others ENOENT is a fault of the disk. */
const needsObject: ReadonlySet<DiskCall['operation']> = new Set(['read', 'readRange', 'stream', 'link']);

export interface DiskCall {
  readonly storage: string;
  readonly operation: keyof Storage | 'open';
  readonly key: Key | '';
}

/** An error that the disk is to blame for gets its name; every other, such as the signal's reason, passes as it is. */
export function namedDiskError(call: DiskCall, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const { storage, key } = call;
  const details = { ...call, reason: error.message };
  if (full.has(code)) return storageErrors.STORAGE_FULL(details, { cause: error });
  if (refused.has(code)) return storageErrors.STORAGE_REFUSED(details, { cause: error });
  if (interrupted.has(code)) return storageErrors.STORAGE_INTERRUPTED(details, { cause: error });
  if (code === 'ENOENT' && needsObject.has(call.operation))
    return storageErrors.STORAGE_NOT_FOUND({ storage, key }, { cause: error });
  return storageErrors.STORAGE_FAILED(details, { cause: error });
}

export async function namingDiskErrors<Result>(call: DiskCall, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw namedDiskError(call, error);
  }
}
