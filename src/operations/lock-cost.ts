/** What locking comes to: told before the first lock is given, bounded while it is, and priced when all are. */
import { formatSize } from '../base/quantities.ts';
import type { LockRecord } from '../ledger/ledger.ts';
import type { Emit } from '../model/events.ts';
import { mostToLock, type Policy, type Price, priceOf, usuallyLocked } from '../policy/policy.ts';
import type { LockAllowance, LockForecast, ProtectionForecast } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';

/** `until` in milliseconds since 1970 UTC. */
export type PricedProtection = Omit<ProtectionForecast, 'lockedUntil'> & {
  readonly until: number;
  readonly price: Price;
};

export type PricedForecast = LockForecast & { readonly price: Price };

/** Runs that say what is usual. */
const LOOKED_AT = 30;
const MONTH = 30 * 86_400_000;

/** How much a run may lock in a vault without being asked; VAULT_LOCKS_UNUSUAL is what it ends with. */
export async function lockAllowance(
  target: string,
  { name, vault }: OpenedVault,
  { ledger, signal, confirmLocks }: PolicyParts,
): Promise<{ readonly allowance?: LockAllowance }> {
  if (vault.forecastLocks === undefined) return {};
  const past = (await ledger.lastLocks(vault.location, target, LOOKED_AT, { signal })).map(newBytesOf);
  const most = mostToLock(past);
  if (most === undefined) return {};
  const facts = { vault: name, target, usual: usuallyLocked(past) ?? 0, most };
  const exceeded = async () => {
    if (await confirmLocks?.(facts)) return;
    const sizes = { usual: formatSize(facts.usual), most: formatSize(most) };
    throw operationErrors.VAULT_LOCKS_UNUSUAL({ vault: name, target, ...sizes });
  };
  return { allowance: { most, exceeded } };
}

/**
 * Tells what locking the next snapshot will come to. `newBytes`, where it is known what is new; otherwise what is usual.
 * The server is asked only where no earlier run has said what else there is to lock.
 */
export async function foretellLocks(
  target: string,
  { name, vault }: OpenedVault,
  newBytes: number | undefined,
  { ledger, policy, clock, emit, signal }: PolicyParts,
): Promise<void> {
  if (vault.forecastLocks === undefined) return;
  const past = await ledger.lastLocks(vault.location, target, LOOKED_AT, { signal });
  const bytes = newBytes ?? usuallyLocked(past.map(newBytesOf)) ?? 0;
  const [last] = past;
  const lock = policy.vaults[name]?.lock;
  const forecast =
    last === undefined || lock === undefined
      ? await vault.forecastLocks(target, bytes, { signal })
      : asLast(last, bytes, clock.now(), lock);
  emit({ type: 'locks.expected', vault: vault.location, ...pricedForecast(forecast, policy, clock) });
}

/** As it was the last time, but for what is new. */
function asLast(
  { objects, bytes, newBytes: before, extended, puts, gets }: LockRecord,
  newBytes: number,
  now: number,
  { for: span, generation }: { readonly for: number; readonly generation: number },
): LockForecast {
  return {
    objects,
    bytes: Math.max(0, bytes - before) + newBytes,
    newBytes,
    extended,
    requests: { puts, gets },
    until: now + span,
    newUntil: now + span + generation,
  };
}

function newBytesOf({ newBytes }: LockRecord): number {
  return newBytes;
}

/** With the list price of its requests, and of what is new until it may go. */
export function pricedForecast(
  forecast: LockForecast,
  policy: Policy,
  clock: PolicyParts['clock'],
): PricedForecast {
  const { requests, newBytes: bytes, newUntil } = forecast;
  return { ...forecast, price: priceOf(policy, { ...requests, bytes, span: newUntil - clock.now() }) };
}

/** With the list price of its requests, and of keeping all whose lock is made longer for so many milliseconds. */
export function pricedProtection(
  forecast: Omit<PricedProtection, 'price'>,
  span: number,
  policy: Policy,
): PricedProtection {
  const { requests, extendedBytes: bytes } = forecast;
  return { ...forecast, price: priceOf(policy, { ...requests, bytes, span }) };
}

/** What was locked gets its list price, before anybody hears of it. */
export function pricing(emit: Emit, policy: Policy): Emit {
  return (event) => {
    if (event.type !== 'locks.set' || event.requests === undefined) return emit(event);
    const { requests, bytes } = event;
    emit({ ...event, price: priceOf(policy, { ...requests, bytes, span: MONTH }) });
  };
}
