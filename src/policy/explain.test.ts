import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { matchesGolden } from '../../test/golden/golden.ts';
import { type Language, languages } from '../base/language.ts';
import { type Explanation, explainPolicy } from './explain.ts';
import { type GapCode, gapTexts } from './gaps.ts';
import type { HostFacts } from './host-facts.ts';
import { checkPolicy } from './load.ts';
import type { Policy } from './policy-file.ts';

const repository = new URL('../../', import.meta.url);
const signal = new AbortController().signal;
const now = Date.parse('2026-11-22T12:00:00+09:00');

/** A machine with one disk for everything, an unencrypted one for backups, and a database in /var/lib. */
function factsOf(
  facts: Partial<{ encrypted: boolean | undefined; mounts: readonly string[]; database: string }>,
): HostFacts {
  const { encrypted, mounts = ['/'], database } = facts;
  return {
    isEncrypted: async () => encrypted,
    mountPointOf: async (path) =>
      mounts.findLast((mount) => mount === '/' || `${path}/`.startsWith(`${mount}/`)),
    liveDatabaseIn: async (path) => (database?.startsWith(path) ? database : undefined),
  };
}

function policyOf(text: string): Policy {
  const checked = checkPolicy(text, {
    hostname: 'host',
    timezone: 'Asia/Tokyo',
    file: '/etc/hikae/policy.yaml',
  });
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked.policy;
}

function page({ plan, gaps, notYetActing }: Explanation, language: Language): string {
  const part = (title: string, lines: readonly string[]) => [title, ...lines.map((line) => `  ${line}`)];
  return `${[
    ...part(
      'plan',
      plan.map(({ path, text }) => `${path}: ${text[language]}`),
    ),
    ...part(
      'gaps',
      gaps.map(({ code, path, text }) => `${code} ${path}: ${text[language]}`),
    ),
    ...part(
      'not yet acting',
      notYetActing.map(({ path, text }) => `${path}: ${text[language]}`),
    ),
  ].join('\n')}\n`;
}

describe('the examples', () => {
  for (const name of ['rental', 'company', 'mailserver']) {
    for (const language of languages) {
      test(`${name} explained in ${language}`, async () => {
        const policy = policyOf(await readFile(new URL(`examples/${name}.yaml`, repository), 'utf8'));
        const facts = factsOf({
          encrypted: false,
          mounts: ['/', '/mnt/backup-hdd'],
          database: '/etc/no-such',
        });
        const told = page(await explainPolicy(policy, { now, facts, signal }), language);
        matchesGolden(`explain/${name}.${language}.txt`, told);
      });
    }
  }
});

describe('gaps', () => {
  const vaults = 'vaults: { v: { plain: /mnt/disk/v, mounted: /mnt/disk }, s: { plain: "s3://bucket/x" } }';
  const both =
    'schedules: { daily: { at: "02:00", to: v, copyTo: s }, weekly: { at: "Sun 04:00", to: v, copyTo: s } }';
  const target = (inner = '') => `targets: { a: { components: { c: { files: /var/lib } }${inner} } }`;
  const disk = { encrypted: true, mounts: ['/', '/mnt/disk'] };

  async function gaps(
    lines: readonly string[],
    facts: Parameters<typeof factsOf>[0],
  ): Promise<readonly string[]> {
    const policy = policyOf(['version: 1', ...lines].join('\n'));
    const found = await explainPolicy(policy, { now, facts: factsOf(facts), signal });
    for (const { code } of found.gaps) seen.add(code);
    return found.gaps.map(({ code, path }) => `${code} ${path}`);
  }
  const seen = new Set<GapCode>();

  test('a policy with copies away from here has none but that they are not made yet', async () => {
    assert.deepEqual(await gaps([target(', rpo: 24h'), vaults, both], disk), ['off-site-later targets.a']);
  });

  test('a target in no schedule', async () => {
    const targets =
      'targets: { a: { components: { c: { files: /a } } }, b: { components: { c: { files: /b } } } }';
    const schedules = both.replaceAll('to: v', 'to: v, targets: [a]');
    assert.deepEqual(await gaps([targets, vaults, schedules], disk), [
      'off-site-later targets.a',
      'target-unscheduled targets.b',
    ]);
  });

  test('no copy away from here, no weekly schedule, a vault that nothing writes to', async () => {
    assert.deepEqual(await gaps([target(), vaults, 'schedules: { daily: { at: "02:00", to: v } }'], disk), [
      'no-off-site targets.a',
      'no-weekly targets.a',
      'vault-unused vaults.s',
    ]);
  });

  test('an rpo that the schedules cannot keep', async () => {
    assert.deepEqual(await gaps([target(', rpo: 12h'), vaults, both], disk), [
      'off-site-later targets.a',
      'rpo targets.a.rpo',
    ]);
    const weekly = 'schedules: { weekly: { at: "Sun 04:00", to: v, copyTo: s } }';
    assert.deepEqual(await gaps([target(', rpo: 24h'), vaults, weekly], disk), [
      'off-site-later targets.a',
      'rpo targets.a.rpo',
    ]);
  });

  test('a plain vault on a disk that is not encrypted; nothing where nobody knows', async () => {
    const found = await gaps([target(), vaults, both], { ...disk, encrypted: false });
    assert.deepEqual(found, ['off-site-later targets.a', 'not-encrypted vaults.v']);
    const unknown = await gaps([target(), vaults, both], { ...disk, encrypted: undefined });
    assert.deepEqual(unknown, ['off-site-later targets.a']);
  });

  test('an encrypted repository needs no encrypted disk', async () => {
    const restic = vaults.replace('plain: /mnt/disk/v', 'restic: /mnt/disk/v, password: { env: X }');
    const found = await gaps([target(), restic, both], { ...disk, encrypted: false });
    assert.deepEqual(found, ['off-site-later targets.a']);
  });

  test('a vault on the file system of its sources', async () => {
    const same = vaults.replace(', mounted: /mnt/disk', '');
    const found = await gaps([target(), same, both], { ...disk, mounts: ['/'] });
    assert.deepEqual(found, ['off-site-later targets.a', 'same-file-system vaults.v']);
  });

  test('a disk that is not mounted now is not judged by what lies in its place', async () => {
    const found = await gaps([target(), vaults, both], { encrypted: false, mounts: ['/'] });
    assert.deepEqual(found, ['off-site-later targets.a', 'not-mounted vaults.v']);
  });

  test('files of a database that runs', async () => {
    const found = await gaps([target(), vaults, both], { ...disk, database: '/var/lib/postgresql/15/main' });
    assert.deepEqual(found, ['off-site-later targets.a', 'live-database targets.a.components.c']);
  });

  test('none is left out above', () => {
    assert.deepEqual([...seen].sort(), Object.keys(gapTexts).sort());
  });
});
