/** Trying again what a line has interrupted: after a while that doubles, and that differs a little each time. */
import { delay } from '../base/abort.ts';
import { isHikaeError } from '../base/errors.ts';
import type { Parts } from './parts.ts';

export interface Attempts {
  readonly times: number;
  /** milliseconds before the second attempt */
  readonly wait: number;
}

/** A router that starts anew, or a server's restart, is over by the third. */
export const usualAttempts: Attempts = { times: 3, wait: 10_000 };

/** Another run that holds a vault has been waited for already. */
export function isWorthAnother(error: unknown): error is Error {
  return isHikaeError(error) && error.transient && error.exit !== 11;
}

/** Several hosts that lost the same server must not come back to it at the same moment. */
export async function waitBefore(
  attempt: number,
  { wait }: Attempts,
  { random, signal }: Pick<Parts, 'random' | 'signal'>,
): Promise<void> {
  const chance = Buffer.from(random(2)).readUInt16LE() / 0xffff;
  await delay(wait * 2 ** (attempt - 1) * (0.5 + chance), signal);
}
