import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOlder, versionOfClient, versionOfServer } from './version.ts';

const clients = [
  ['mysqldump  Ver 9.7.4-2 for Linux on x86_64 ((Debian))', 'MySQL', '9.7.4'],
  ['mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)', 'MySQL', '8.0.36'],
  ['mysqldump  Ver 10.13 Distrib 5.7.44, for Linux (x86_64)', 'MySQL', '5.7.44'],
  ['mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)', 'MariaDB', '10.11.19'],
  ['mariadb-dump from 11.4.2-MariaDB, client 10.19 for debian-linux-gnu (x86_64)', 'MariaDB', '11.4.2'],
] as const;

for (const [said, product, text] of clients) {
  test(`a client that says ${said}`, () => {
    const version = versionOfClient(said);
    assert.deepEqual([version?.product, version?.text], [product, text]);
  });
}

test('what a server calls itself', () => {
  assert.deepEqual(versionOfServer('10.11.19-MariaDB-0+deb12u1 Debian 12'), {
    product: 'MariaDB',
    text: '10.11.19',
    major: 10,
    minor: 11,
  });
  assert.equal(versionOfServer('8.4.3 MySQL Community Server - GPL')?.product, 'MySQL');
  assert.equal(versionOfServer('nothing'), undefined);
});

test('a client is older when its series is', () => {
  const version = (product: 'MariaDB' | 'MySQL', major: number, minor: number) => ({
    product,
    text: '',
    major,
    minor,
  });
  assert.equal(isOlder(version('MariaDB', 10, 11), version('MariaDB', 11, 4)), true);
  assert.equal(isOlder(version('MariaDB', 10, 5), version('MariaDB', 10, 11)), true);
  assert.equal(isOlder(version('MariaDB', 11, 8), version('MariaDB', 10, 11)), false);
  assert.equal(isOlder(version('MySQL', 8, 4), version('MySQL', 9, 7)), true);
});
