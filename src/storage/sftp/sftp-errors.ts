/** What a server answers, as errors of the room. */
import { storageErrors } from '../errors.ts';
import type { Key } from '../key.ts';
import type { Storage, Tree } from '../storage.ts';
import { NO_SUCH_FILE, PERMISSION_DENIED, RequestFailure } from './channel.ts';

export interface SftpCall {
  readonly storage: string;
  readonly operation: keyof Storage | keyof Tree | 'open';
  readonly key: Key | '';
}

const needsObject: ReadonlySet<SftpCall['operation']> = new Set(['read', 'readRange', 'stream', 'link']);

/** NO_CONNECTION and CONNECTION_LOST, which a server may say of one that is behind it. */
const lost: ReadonlySet<number | undefined> = new Set([undefined, 6, 7]);

/** A request that failed gets its name; every other error, such as the signal's reason, passes as it is. */
export function namedSftpError(call: SftpCall, error: unknown): unknown {
  if (!(error instanceof RequestFailure)) return error;
  const { storage, key } = call;
  const details = { ...call, reason: error.message };
  if (lost.has(error.status)) return storageErrors.STORAGE_INTERRUPTED(details, { cause: error });
  if (error.status === NO_SUCH_FILE && needsObject.has(call.operation))
    return storageErrors.STORAGE_NOT_FOUND({ storage, key }, { cause: error });
  if (error.status === PERMISSION_DENIED) return storageErrors.STORAGE_REFUSED(details, { cause: error });
  return storageErrors.STORAGE_FAILED(details, { cause: error });
}
