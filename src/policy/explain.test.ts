import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { matchesGolden } from '../../test/golden/golden.ts';
import { type Language, languages } from '../base/language.ts';
import { type Explanation, explainPolicy } from './explain.ts';
import { type GapCode, gapTexts } from './gap.ts';
import type { HostFacts } from './host-facts.ts';
import type { Container } from './init/containers.ts';
import type { Discovery } from './init/discovery.ts';
import { checkPolicy } from './load.ts';
import { componentsOf } from './meaning.ts';
import type { Policy } from './policy-file.ts';

const repository = new URL('../../', import.meta.url);
const signal = new AbortController().signal;
const now = Date.parse('2026-11-22T12:00:00+09:00');

/** A machine with one disk for everything, an unencrypted one for backups, and a database in /var/lib. */
function factsOf(
  facts: Partial<{
    encrypted: boolean | undefined;
    mounts: readonly string[];
    database: string;
    missing: string;
    found: Partial<Discovery>;
  }>,
): HostFacts {
  const { encrypted, mounts = ['/'], database, missing, found } = facts;
  return {
    mountsBelow: async (path) => mounts.filter((mount) => mount.startsWith(`${path}/`)),
    exists: async (path) => path !== missing,
    found: async () => ({ ...nothing, ...found }),
    isEncrypted: async () => encrypted,
    mountPointOf: async (path) =>
      mounts.findLast((mount) => mount === '/' || `${path}/`.startsWith(`${mount}/`)),
    liveDatabaseIn: async (path) => (database?.startsWith(path) ? database : undefined),
  };
}

/** What the examples name is there, and nothing else. */
const nothing: Discovery = {
  folders: { mail: [], sites: [], wordpress: [], databases: [], compose: [] },
  srv: [],
  www: false,
  home: false,
  wordpress: [],
  mail: { folders: [], inHomes: [], keys: [], config: [], databases: [], services: [] },
  servers: [],
  docker: {
    answered: true,
    containers: [container('mailserver-mysql', 'mysql'), container('postgres', 'postgres')],
    volumes: [{ name: 'myapp_data', unfit: undefined }],
  },
  disk: undefined,
  denied: [],
};

function container(name: string, kind: 'mysql' | 'postgres'): Container {
  return {
    name,
    image: kind,
    running: true,
    database: { kind, user: undefined, password: undefined },
    mounts: [],
    project: undefined,
    folder: undefined,
    service: undefined,
    ports: [],
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

function policyContainers(policy: Policy): readonly unknown[] {
  return componentsOf(policy).map(
    ({ component: { mysql, postgres, 'docker-volume': volume } }) =>
      (mysql ?? postgres)?.docker ?? volume?.volume,
  );
}

describe('the examples', () => {
  for (const name of ['rental', 'company', 'mailserver']) {
    for (const language of languages) {
      test(`${name} explained in ${language}`, async () => {
        const policy = policyOf(await readFile(new URL(`examples/${name}.yaml`, repository), 'utf8'));
        const named = policyContainers(policy);
        const containers = nothing.docker.containers.filter(({ name }) => named.includes(name));
        const volumes = named.includes('myapp_data') ? nothing.docker.volumes : [];
        const facts = factsOf({
          found: { docker: { answered: true, containers, volumes } },
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
    const quiet = { ...facts, found: { docker: noDocker, ...facts.found } };
    const found = await explainPolicy(policy, { now, facts: factsOf(quiet), signal });
    for (const { code } of found.gaps) seen.add(code);
    for (const { text } of found.gaps) {
      assert.doesNotMatch(`${text.en}${text.ja}`, /[{}]/);
      assert.notEqual(text.en, text.ja);
    }
    told = found.gaps.filter(({ code }) => code === 'unprotected').map(({ text }) => text.en);
    return found.gaps.map(({ code, path }) => `${code} ${path}`);
  }
  /** of what was found and is in no target, the texts of the last call */
  let told: readonly string[] = [];
  const noDocker = { answered: true, containers: [], volumes: [] } as const;
  const seen = new Set<GapCode>();

  test('a policy with copies away from here has none', async () => {
    assert.deepEqual(await gaps([target(', rpo: 24h'), vaults, both], disk), []);
  });

  test('a target in no schedule', async () => {
    const targets =
      'targets: { a: { components: { c: { files: /a } } }, b: { components: { c: { files: /b } } } }';
    const schedules = both.replaceAll('to: v', 'to: v, targets: [a]');
    assert.deepEqual(await gaps([targets, vaults, schedules], disk), ['target-unscheduled targets.b']);
  });

  test('no copy away from here, no weekly schedule, a vault that nothing writes to', async () => {
    assert.deepEqual(await gaps([target(), vaults, 'schedules: { daily: { at: "02:00", to: v } }'], disk), [
      'no-off-site targets.a',
      'no-weekly targets.a',
      'vault-unused vaults.s',
    ]);
  });

  test('an rpo that the schedules cannot keep', async () => {
    assert.deepEqual(await gaps([target(', rpo: 12h'), vaults, both], disk), ['rpo targets.a.rpo']);
    const weekly = 'schedules: { weekly: { at: "Sun 04:00", to: v, copyTo: s } }';
    assert.deepEqual(await gaps([target(', rpo: 24h'), vaults, weekly], disk), ['rpo targets.a.rpo']);
  });

  test('a plain vault on a disk that is not encrypted; nothing where nobody knows', async () => {
    const found = await gaps([target(), vaults, both], { ...disk, encrypted: false });
    assert.deepEqual(found, ['not-encrypted vaults.v']);
    const unknown = await gaps([target(), vaults, both], { ...disk, encrypted: undefined });
    assert.deepEqual(unknown, []);
  });

  test('an encrypted repository needs no encrypted disk', async () => {
    const restic = vaults.replace('plain: /mnt/disk/v', 'restic: /mnt/disk/v, password: { env: X }');
    const found = await gaps([target(), restic, both], { ...disk, encrypted: false });
    assert.deepEqual(found, []);
  });

  test('a vault on the file system of its sources', async () => {
    const same = vaults.replace(', mounted: /mnt/disk', '');
    const found = await gaps([target(), same, both], { ...disk, mounts: ['/'] });
    assert.deepEqual(found, ['same-file-system vaults.v']);
  });

  test('a disk that is not mounted now is not judged by what lies in its place', async () => {
    const found = await gaps([target(), vaults, both], { encrypted: false, mounts: ['/'] });
    assert.deepEqual(found, ['not-mounted vaults.v']);
  });

  test('files of a database that runs', async () => {
    const found = await gaps([target(), vaults, both], { ...disk, database: '/var/lib/postgresql/15/main' });
    assert.deepEqual(found, ['live-database targets.a.components.c']);
  });

  test('a volume with the files of a database that runs', async () => {
    const volume = 'targets: { a: { components: { c: { docker-volume: { volume: pg } } } } }';
    const database = '/var/lib/docker/volumes/pg/_data';
    const docker = { answered: true, containers: [], volumes: [{ name: 'pg', unfit: undefined }] };
    assert.deepEqual(await gaps([volume, vaults, both], { ...disk, database, found: { docker } }), [
      'live-database targets.a.components.c',
    ]);
  });

  test('a file system below a component, but for vaults, other components and what is left out', async () => {
    const mounts = ['/', '/mnt/disk', '/var/lib/data', '/var/lib/data2', '/var/lib/data3'];
    const components = 'c: { files: /var/lib, exclude: [/data2] }, d: { files: /var/lib/data3 }';
    const found = await gaps([`targets: { a: { components: { ${components} } } }`, vaults, both], {
      ...disk,
      mounts,
    });
    assert.deepEqual(found, ['mount-left-out targets.a.components.c']);
    const whole = 'targets: { a: { components: { c: { files: /var, oneFileSystem: false } } } }';
    assert.deepEqual(await gaps([whole, vaults, both], { ...disk, mounts }), []);
  });

  test('a secret that is not there, a container and a volume that are not', async () => {
    const components =
      'c: { mysql: { docker: db, password: { file: /etc/pw } } }, d: { docker-volume: { volume: v } }';
    const policy = [`targets: { a: { components: { ${components} } } }`, vaults, both];
    assert.deepEqual(await gaps(policy, { ...disk, missing: '/etc/pw' }), [
      'secret-missing targets.a.components.c',
      'no-such-container targets.a.components.c',
      'no-such-volume targets.a.components.d',
    ]);
    const silent = { answered: false, containers: [], volumes: [] };
    assert.deepEqual(await gaps(policy, { ...disk, found: { docker: silent } }), ['docker-silent targets']);
  });

  describe('what is in no target:', () => {
    const socket = '/run/mysqld/mysqld.sock';
    const server = { kind: 'mysql', socket, port: undefined, databases: ['wp', 'shop'] } as const;
    const database = {
      kind: 'mysql',
      database: 'wp',
      user: 'wp',
      at: { via: 'local', socket: undefined },
    } as const;
    const policy = (components: string) => [
      `targets: { a: { components: { ${components} } } }`,
      vaults,
      both,
    ];

    test('mail, keys and sites, also below a folder that is left out', async () => {
      const mail = { ...nothing.mail, folders: ['/var/vmail', '/srv/mail/vmail'], keys: ['/etc/dkimkeys'] };
      const found = { mail, wordpress: [{ folder: '/srv/blog/sites/one', database: undefined }] };
      await gaps(policy('c: { files: /srv, exclude: [/blog/sites] }, d: { files: [/etc] }'), {
        ...disk,
        found,
      });
      assert.deepEqual(told, [
        'the mail folder /var/vmail is in no target',
        'the WordPress in /srv/blog/sites/one is in no target',
      ]);
      await gaps(policy('c: { files: /srv, exclude: ["**/cache/**"] }'), { ...disk, found });
      assert.deepEqual(told, [
        'the mail folder /var/vmail is in no target',
        'the folder of DKIM keys /etc/dkimkeys is in no target',
      ]);
    });

    test('the database of a site, by the server that it is on', async () => {
      const found = { servers: [server], wordpress: [{ folder: '/srv/blog', database }] };
      await gaps(policy('c: { files: /srv/blog }'), { ...disk, found });
      assert.deepEqual(told, [
        'the database wp of the WordPress in /srv/blog is in no target',
        `the MySQL / MariaDB server at ${socket} is in no target`,
      ]);
      await gaps(policy(`c: { files: /srv }, d: { mysql: { socket: ${socket}, databases: [wp] } }`), {
        ...disk,
        found,
      });
      assert.deepEqual(told, [`the database shop at ${socket} is in no target`]);
      await gaps(policy('c: { files: /srv }, d: { mysql: { host: 127.0.0.1, databases: all } }'), {
        ...disk,
        found,
      });
      assert.deepEqual(told, []);
      await gaps(policy('c: { files: /srv }, d: { mysql: { docker: other, databases: all } }'), {
        ...disk,
        found,
      });
      assert.equal(told.length, 2);
    });

    test('databases in containers, unless their port is asked, and volumes that no database lies in', async () => {
      const mounts = [{ kind: 'volume', source: 'pgdata', target: '/var/lib/postgresql/data' }] as const;
      const volumes = ['pgdata', 'files'].map((name) => ({ name, unfit: undefined }));
      const containers = [{ ...container('db', 'postgres'), mounts, ports: [15432] }];
      const found = { docker: { answered: true, containers, volumes } };
      await gaps(policy('c: { files: /srv }'), { ...disk, found });
      assert.deepEqual(told, [
        'what the database in the container db holds is in no target',
        'the Docker volume files is in no target',
      ]);
      await gaps(
        policy('c: { postgres: { host: localhost, port: 15432 } }, d: { docker-volume: { volume: files } }'),
        {
          ...disk,
          found,
        },
      );
      assert.deepEqual(told, []);
    });

    test('databases that a mail server looks into', async () => {
      const at = { via: 'tcp', host: 'db.example.org', port: undefined } as const;
      const use = { kind: 'postgres', database: 'users', user: undefined, at } as const;
      const found = { mail: { ...nothing.mail, databases: [use] } };
      await gaps(policy('c: { files: /srv }'), { ...disk, found });
      assert.deepEqual(told, ['the database users that the mail server looks into is in no target']);
      await gaps(policy('c: { postgres: { host: db.example.org, databases: [users] } }'), { ...disk, found });
      assert.deepEqual(told, []);
    });
  });

  test('none is left out above', () => {
    assert.deepEqual([...seen].sort(), Object.keys(gapTexts).sort());
  });
});
