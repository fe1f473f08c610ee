import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAccountsScript, writeAccounts } from './accounts-script.ts';

const accounts = [
  {
    name: "`o'dd;`@`%`",
    create: "CREATE USER IF NOT EXISTS `o'dd;`@`%` IDENTIFIED BY PASSWORD '*A;'",
    grants: ["GRANT USAGE ON *.* TO `o'dd;`@`%`", 'GRANT `r` TO `x`@`%`'],
  },
  { name: '`r`', create: 'CREATE ROLE IF NOT EXISTS `r`', grants: [] },
];

test('what is written is read', () => {
  assert.deepEqual(readAccountsScript(writeAccounts(accounts)), accounts);
  assert.deepEqual(readAccountsScript(writeAccounts([])), []);
});

test('a script that is cut short is none', () => {
  const script = writeAccounts(accounts);
  for (let length = 0; length < script.length; length += 7)
    assert.equal(readAccountsScript(script.slice(0, length)), undefined);
});
