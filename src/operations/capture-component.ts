/** Capturing one component into a snapshot that is being written, tried again where the policy says so. */
import { delay } from '../base/abort.ts';
import { isHikaeError } from '../base/errors.ts';
import type { Emit } from '../model/events.ts';
import { type Origin, recordedOrigin } from '../model/snapshot.ts';
import type { SnapshotWriter, StoredComponent } from '../vault/vault.ts';
import type { Parts } from './parts.ts';
import { failureOf } from './run.ts';

export interface ComponentRequest {
  readonly target: string;
  readonly name: string;
  readonly origin: Origin;
  readonly retry: { readonly times: number; readonly wait: number };
  readonly avoid: readonly string[];
}

/** What ends the whole snapshot, not only a component: trouble with the vault itself. */
export function isVaultError(error: unknown): boolean {
  return isHikaeError(error) && /^(?:VAULT|SNAPSHOT|STORAGE)_/.test(error.code);
}

/** The stored component, or the error that the last try ended with. Vault errors and cancellation are thrown. */
export async function captureInto(
  writer: SnapshotWriter,
  request: ComponentRequest,
  parts: Pick<Parts, 'source' | 'signal'>,
  emit: Emit,
): Promise<{ readonly stored: StoredComponent } | { readonly error: Error }> {
  const { target, name, retry } = request;
  emit({ type: 'component.started', target, component: name });
  let failure: Error | undefined;
  for (let turn = 0; turn <= retry.times; turn++) {
    if (turn > 0) await delay(retry.wait * 2 ** (turn - 1), parts.signal);
    try {
      const stored = await captureOnce(writer, request, parts, emit);
      const { files, bytes } = stored.summary;
      emit({ type: 'component.finished', target, component: name, files, bytes, newBytes: stored.newBytes });
      return { stored };
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error) || isVaultError(error)) throw error;
      failure = error;
      // A folder that isn't there will not be there in ten seconds either.
      if (!error.transient) break;
    }
  }
  const error = failure as Error;
  const nothing = { files: 0, bytes: 0, newBytes: 0 };
  emit({ type: 'component.finished', target, component: name, ...nothing, error: failureOf(error) });
  return { error };
}

async function captureOnce(
  writer: SnapshotWriter,
  { target, name, origin, avoid }: ComponentRequest,
  { source, signal }: Pick<Parts, 'source' | 'signal'>,
  emit: Emit,
): Promise<StoredComponent> {
  const { capture } = await source(origin.kind);
  const stored = await writer.component({ name, origin: recordedOrigin(origin) }, (troubles) =>
    capture(origin, { component: name, troubles, signal, avoid }),
  );
  for (const trouble of stored.troubles.first) emit({ type: 'trouble', target, trouble });
  return stored;
}
