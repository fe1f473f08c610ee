/**
 * List prices of S3 in Tokyo (ap-northeast-1), in US dollars, as far as they decide whether a cheaper class is cheaper.
 * Sources: aws.amazon.com/s3/pricing as cited by others, GB-months of 2026-01, requests of 2023-03; the price of moving
 * to GLACIER was not confirmed (0.03 in us-east-1). What follows from them is a comparison, never a bill.
 */

export interface StorageClassPrice {
  readonly gigabyteMonth: number;
  /** of moving one object there */
  readonly transition: number;
  /** days that are billed at least */
  readonly leastDays: number;
  /** bytes that are billed at least */
  readonly leastBytes: number;
  /** bytes that each object takes besides its own: here, and in STANDARD */
  readonly overhead: { readonly here: number; readonly standard: number };
  /** hours until an object can be read again by the usual way; 0 is at once */
  readonly wait: number;
}

const none = { here: 0, standard: 0 };
const archive = { here: 32_768, standard: 8_192 };

export const storageClasses: Readonly<Record<string, StorageClassPrice>> = {
  STANDARD: { gigabyteMonth: 0.025, transition: 0, leastDays: 0, leastBytes: 0, overhead: none, wait: 0 },
  STANDARD_IA: price(0.0138, 0.00001, 30, 131_072, none, 0),
  GLACIER_IR: price(0.005, 0.00002, 90, 131_072, none, 0),
  GLACIER: price(0.0045, 0.000_034_26, 90, 0, archive, 5),
  DEEP_ARCHIVE: price(0.002, 0.000_065, 180, 0, archive, 12),
};

const GIGABYTE = 1_000_000_000;
const MONTH = 30;

/** What one object of so many bytes costs in its life of so many days when it is moved after `moved` days. */
export function lifeCost(bytes: number, life: number, move?: { after: number; to: string }): number {
  const standard = storageClasses.STANDARD as StorageClassPrice;
  const target = move === undefined ? undefined : storageClasses[move.to];
  if (move === undefined || target === undefined || move.after >= life)
    return monthly(standard, bytes) * (life / MONTH);
  const there = Math.max(life - move.after, target.leastDays) / MONTH;
  const billed = Math.max(bytes, target.leastBytes) + target.overhead.here;
  return (
    monthly(standard, bytes) * (move.after / MONTH) +
    target.transition +
    monthly(target, billed) * there +
    monthly(standard, target.overhead.standard) * there
  );
}

/** What so many bytes cost in STANDARD in a month. */
export function standardMonth(bytes: number): number {
  return monthly(storageClasses.STANDARD as StorageClassPrice, bytes);
}

function monthly({ gigabyteMonth }: StorageClassPrice, bytes: number): number {
  return (bytes / GIGABYTE) * gigabyteMonth;
}

function price(
  gigabyteMonth: number,
  transition: number,
  leastDays: number,
  leastBytes: number,
  overhead: StorageClassPrice['overhead'],
  wait: number,
): StorageClassPrice {
  return { gigabyteMonth, transition, leastDays, leastBytes, overhead, wait };
}

/** How many times as much the life of an object costs with a move as without one; more than 1 does not pay. */
export function costFactor(
  bytes: number,
  life: number,
  move: { readonly after: number; readonly to: string },
): number {
  return lifeCost(bytes, life, move) / lifeCost(bytes, life);
}

/** Bytes under which S3 moves no object by itself, since September 2024. */
export const LEAST_MOVED = 131_072;
