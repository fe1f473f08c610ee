import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { priceOf } from './prices.ts';

const near = (found: number, wanted: number) => assert.ok(Math.abs(found - wanted) < 1e-9, `${found}`);

describe('priceOf', () => {
  test('reckons requests and storage in the currency of the policy', () => {
    const use = { puts: 1_000, gets: 2_000, bytes: 3e9, span: 60 * 86_400_000 };
    const dollars = priceOf({}, use);
    assert.equal(dollars.currency, 'USD');
    near(dollars.requests, 0.0047 + 2 * 0.00037);
    near(dollars.storage, 3 * 2 * 0.025);
    const yen = priceOf({ cost: { currency: 'JPY', rate: 155, warning: 10, critical: 100 } }, use);
    assert.equal(yen.currency, 'JPY');
    near(yen.requests, dollars.requests * 155);
    near(yen.storage, dollars.storage * 155);
  });
});
