/**
 * What S3 asks for, in US dollars: the list prices of Tokyo (ap-northeast-1), storage class STANDARD. PUT and GET as published
 * on 2023-03-03 (iret.media/72182), storage as of January 2026. Others charge otherwise; it is an order of magnitude.
 */
import type { ListPrice } from '../model/events.ts';
import type { Policy } from './policy-file.ts';

const PUT = 0.0047 / 1_000;
const GET = 0.00037 / 1_000;
const BYTE_DAY = 0.025 / 1e9 / 30;

const DAY = 86_400_000;

export interface S3Use {
  /** requests that are charged as PUT: puts, lists, locks */
  readonly puts: number;
  /** requests that are charged as GET */
  readonly gets: number;
  /** bytes that are stored for so many milliseconds */
  readonly bytes: number;
  readonly span: number;
}

export type Price = ListPrice;

/** In the policy's currency at its rate; in dollars where it names none. */
export function priceOf({ cost }: Pick<Policy, 'cost'>, { puts, gets, bytes, span }: S3Use): Price {
  const rate = cost?.rate ?? 1;
  return {
    currency: cost?.currency ?? 'USD',
    requests: (puts * PUT + gets * GET) * rate,
    storage: bytes * (span / DAY) * BYTE_DAY * rate,
  };
}
