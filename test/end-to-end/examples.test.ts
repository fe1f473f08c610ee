/**
 * The systems of the example policies, in miniature and real: a mail server with its database in a container, a blog with
 * its own, a file server with PostgreSQL and a volume. Each is backed up by the example as it stands, destroyed, restored
 * in place, and compared. What an example says of vaults away from this machine, and of what is not done yet, is left out
 * here and named in the output.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { type DockerEngine, startDocker } from '../servers/docker.ts';
import {
  buildMariadb,
  buildPostgres,
  buildTiny,
  idle,
  runMariadb,
  runPostgres,
} from '../servers/docker-images.ts';
import { startMachine, type WholeMachine } from '../servers/whole-machine.ts';
import { hikae, isRoot, type Ran, runPlain, type ToldBackup, type ToldRestore, told } from './command.ts';

const skip = isRoot ? false : 'needs root for mounts and containers';
const PASSWORD = 'geheim-ひみつ';
const services = '/opt/onprem-infra-system/project-root-infra/services/mailserver';

describe('the system of the example', { skip }, () => {
  let engine: DockerEngine;
  let machine: WholeMachine;

  before(async () => {
    engine = await startDocker();
    machine = await startMachine('/mnt/backup-hdd', engine);
    const standIn = 'cat >/usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl';
    machine.run(['sh', '-c', standIn], '#!/bin/sh\necho "$*" >>/tmp/systemctl\n');
    await Promise.all([machine.startMariadb(), machine.startPostgres(), startContainers()]);
  });
  after(async () => {
    await machine?.stop();
    await engine?.stop();
  });

  async function startContainers(): Promise<void> {
    const compose = (service: string) => [
      '--label=com.docker.compose.project=mailserver',
      `--label=com.docker.compose.project.working_dir=${services}`,
      `--label=com.docker.compose.service=${service}`,
    ];
    const tiny = buildTiny(engine);
    const idler = { image: tiny, command: idle };
    engine.run({ ...idler, name: 'myapp', volumes: ['myapp_data:/data'], options: ['--stop-signal=KILL'] });
    engine.run({
      ...idler,
      name: 'mailserver-dovecot',
      options: ['--stop-signal=KILL', ...compose('dovecot')],
    });
    await runMariadb(engine, buildMariadb(engine), {
      name: 'mailserver-mysql',
      password: PASSWORD,
      environment: { MARIADB_ROOT_PASSWORD: PASSWORD },
      options: compose('mysql'),
    });
    await runPostgres(engine, buildPostgres(engine), { name: 'postgres', password: PASSWORD });
  }

  async function run(policy: string, args: readonly string[]): Promise<Ran> {
    return runPlain(['--policy', policy, '--json', '--lang', 'en', ...args], {
      under: machine.under,
      environment: { PATH: `/usr/local/sbin:${process.env.PATH}` },
    });
  }

  async function backUp(policy: string, ...args: readonly string[]): Promise<ToldBackup> {
    const ran = told<ToldBackup>(await run(policy, ['backup', ...args]));
    assert.equal(ran.status, 0, wrongIn(ran.stdout, ran.stderr));
    for (const { target, snapshot } of ran.result.targets) assert.equal(snapshot?.complete, true, target);
    return ran.result;
  }

  async function restore(policy: string, target: string): Promise<void> {
    const ran = told<ToldRestore>(await run(policy, ['restore', target, '--in-place']));
    assert.equal(ran.status, 0, wrongIn(ran.stdout, ran.stderr));
  }

  /** Types, modes, owners, times, link targets and contents of everything below folders. */
  function files(...folders: readonly string[]): string {
    const facts =
      "find \"$@\" '(' -type d -printf '%p %y %m %U %G %T@\\n' -o -printf '%p %y %m %U %G %s %T@ %l\\n' ')'";
    const contents = 'find "$@" -type f -exec sha256sum -- {} +';
    return machine.run(['sh', '-c', `{ ${facts}; ${contents}; } | sort`, 'sh', ...folders]);
  }

  const maria = (statements: string) =>
    machine.run(['mariadb', '--no-defaults', '--default-character-set=utf8mb4', '-N', '-B'], statements);
  const mariaInside = (statements: string) =>
    engine.docker(
      [
        'exec',
        '-i',
        '-e',
        'MYSQL_PWD',
        'mailserver-mysql',
        'mariadb',
        '--user=root',
        '-N',
        '-B',
        '--default-character-set=utf8mb4',
      ],
      { input: statements, environment: { MYSQL_PWD: PASSWORD } },
    );
  const psql = (database: string, statements: string) =>
    machine.run(
      [
        'runuser',
        '--user=postgres',
        '--',
        'psql',
        '-X',
        '-q',
        '-A',
        '-t',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        '/run/postgresql',
        '-d',
        database,
      ],
      statements,
    );
  const psqlInside = (database: string, statements: string) =>
    engine.docker(
      ['exec', '-i', 'postgres', 'psql', '-X', '-q', '-A', '-t', '-U', 'postgres', '-d', database],
      {
        input: statements,
      },
    );

  function makeMail(place: string, users: string): void {
    for (const user of ['akiko', 'ben']) {
      const folder = `${place}/data/mail/vmail/example.org/${user}/Maildir`;
      for (let number = 0; number < 20; number++) {
        const name = `17641${number}.M${number}P1.dell,S=99:2,${number % 2 === 0 ? 'S' : ''}`;
        machine.write(`${folder}/cur/${name}`, `Subject: ${number}\n\n${user}さんへ ${number}\n`, 0o600);
      }
      machine.run(['mkdir', `${folder}/new`, `${folder}/tmp`]);
      machine.write(`${folder}/dovecot-uidlist`, '3 V1 N21\n', 0o600);
    }
    machine.run(['chown', '--recursive', '5000:5000', `${place}/data/mail/vmail`]);
    machine.write(`${place}/.env`, 'MYSQL_ROOT_PASSWORD=geheim\n', 0o600);
    machine.write(`${place}/${users}`, 'akiko@example.org:{BLF-CRYPT}$2y$05$x:5000:5000\n', 0o640);
    machine.write('/etc/opendkim/keys/example.org/2026.private', 'PRIVATE KEY\n', 0o600);
    machine.write('/etc/hikae/mysql.pw', `${PASSWORD}\n`, 0o600);
    mariaInside(`
      CREATE OR REPLACE DATABASE usermgmt CHARACTER SET utf8mb4; CREATE OR REPLACE DATABASE roundcubemail;
      CREATE TABLE usermgmt.users (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50), photo BLOB);
      INSERT INTO usermgmt.users (name, photo) VALUES ('明子 🍣', x'00ff27'), ('ben', NULL);
      CREATE VIEW usermgmt.names AS SELECT name FROM usermgmt.users;
      CREATE TABLE roundcubemail.identities (id INT PRIMARY KEY, email TEXT) ENGINE=InnoDB;
      INSERT INTO roundcubemail.identities SELECT seq, CONCAT(seq, '@example.org') FROM (SELECT 1 AS seq UNION SELECT 2) s;
      CREATE OR REPLACE DATABASE untouched; CREATE TABLE untouched.t (a INT); INSERT INTO untouched.t VALUES (1);
      CREATE USER IF NOT EXISTS mail@localhost IDENTIFIED BY 'x'; GRANT SELECT ON usermgmt.* TO mail@localhost;`);
  }

  const mailRows = () =>
    mariaInside(`
      SELECT id, name, HEX(photo) FROM usermgmt.users ORDER BY id; SELECT * FROM usermgmt.names ORDER BY name;
      SELECT * FROM roundcubemail.identities ORDER BY id; SELECT * FROM untouched.t; SHOW GRANTS FOR mail@localhost;`);

  function destroyMail(place: string, users: string): void {
    machine.run(['rm', '-r', `${place}/data/mail/vmail/example.org`, `${place}/.env`, `${place}/${users}`]);
    machine.run(['rm', '-r', '/etc/opendkim/keys']);
    mariaInside(`DROP DATABASE usermgmt; DELETE FROM roundcubemail.identities; DROP USER mail@localhost;`);
  }

  test('rental: mail and blog on one machine', async (t) => {
    const policy = install('rental', t);
    const place = '/srv/mailserver';
    makeMail(place, 'dovecot/users');
    machine.write('/srv/blog/sites/one/wp-config.php', "<?php define('DB_NAME', 'wordpress');\n", 0o640);
    machine.write('/srv/blog/sites/one/wp-content/uploads/写真.jpg', 'JPEG'.repeat(1000));
    machine.write('/srv/blog/sites/one/wp-content/cache/page.html', 'cached');
    maria(`CREATE DATABASE wordpress CHARACTER SET utf8mb4;
      CREATE TABLE wordpress.wp_posts (ID BIGINT PRIMARY KEY, post_content LONGTEXT);
      INSERT INTO wordpress.wp_posts VALUES (1, 'ようこそ 🎌'), (2, REPEAT('long ', 10000));`);
    const posts = () =>
      maria('SELECT ID, MD5(post_content), LENGTH(post_content) FROM wordpress.wp_posts ORDER BY ID');

    const result = await backUp(policy);
    await backUp(policy, '--schedule', 'weekly');
    assert.deepEqual(
      result.targets.map(({ target, components }) => [target, components.map(({ name }) => name)]),
      [
        ['mail', ['config', 'dkim', 'mysql', 'vmail']],
        ['blog', ['mysql', 'sites']],
      ],
    );
    machine.run(['rm', '-r', '/srv/blog/sites/one/wp-content/cache']);
    machine.run(['mkdir', '/srv/blog/sites/one/wp-content/cache']);
    const kept = [
      `${place}/data/mail/vmail`,
      `${place}/.env`,
      `${place}/dovecot/users`,
      '/etc/opendkim/keys',
    ];
    const [mail, rows, blog, wordpress] = [
      files(...kept),
      mailRows(),
      files('/srv/blog/sites/one/wp-content/uploads', '/srv/blog/sites/one/wp-config.php'),
      posts(),
    ];

    destroyMail(place, 'dovecot/users');
    machine.run(['rm', '-r', '/srv/blog/sites']);
    maria('DROP DATABASE wordpress');
    await restore(policy, 'mail');
    await restore(policy, 'blog');
    assert.equal(files(...kept), mail);
    assert.equal(mailRows(), rows);
    assert.equal(files('/srv/blog/sites/one/wp-content/uploads', '/srv/blog/sites/one/wp-config.php'), blog);
    assert.equal(posts(), wordpress);
    assert.equal(machine.run(['cat', '/tmp/systemctl']), 'stop dovecot\nstart dovecot');
  });

  test('mailserver: Docker, with everything below one folder', async (t) => {
    const policy = install('mailserver', t);
    makeMail(services, 'config/dovecot/users');
    await backUp(policy);
    await backUp(policy, '--schedule', 'weekly');
    const kept = [
      `${services}/data/mail/vmail`,
      `${services}/.env`,
      `${services}/config/dovecot/users`,
      '/etc/opendkim/keys',
    ];
    const [mail, rows] = [files(...kept), mailRows()];
    destroyMail(services, 'config/dovecot/users');
    const started = () => engine.docker(['inspect', '--format={{.State.StartedAt}}', 'mailserver-dovecot']);
    const before = started();
    await restore(policy, 'mailserver');
    assert.equal(files(...kept), mail);
    assert.equal(mailRows(), rows);
    assert.notEqual(started(), before, 'the container was stopped and started around the restore');
  });

  test('company: file server, configuration, PostgreSQL on the host and in Docker, a volume', async (t) => {
    const policy = install('company', t);
    machine.write('/srv/fileshare/営業/契約.txt', '契約書\n', 0o660);
    machine.run(['ln', '/srv/fileshare/営業/契約.txt', '/srv/fileshare/copy.txt']);
    machine.write('/etc/company.conf', 'name = company\n', 0o640);
    const make = `CREATE TABLE orders (id SERIAL PRIMARY KEY, item TEXT NOT NULL, paid BOOLEAN);
      INSERT INTO orders (item, paid) SELECT '品 ' || i, i % 2 = 0 FROM generate_series(1, 500) AS i;`;
    const ask = 'SELECT count(*), md5(string_agg(o::text, chr(10) ORDER BY id)) FROM orders o';
    psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE DATABASE shop OWNER clerk');
    psql('shop', make);
    psqlInside('postgres', 'CREATE DATABASE stock');
    psqlInside('stock', make);
    engine.docker(['exec', 'myapp', 'sh', '-c', 'echo 状態 >/data/state; chmod 600 /data/state']);
    const volume = () => engine.docker(['exec', 'myapp', 'sh', '-c', 'ls -ln /data; cat /data/state']);

    const { targets } = await backUp(policy);
    const hasVolume = targets.some(({ target }) => target === 'myapp');
    await backUp(policy, '--schedule', 'weekly');
    const states = () => [
      files('/srv/fileshare', '/etc/company.conf', '/etc/opendkim'),
      psql('shop', ask),
      psqlInside('stock', ask),
      hasVolume ? volume() : '',
      psql('postgres', "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = 'clerk'"),
    ];
    const whole = states();

    machine.run(['rm', '-r', '/srv/fileshare/営業', '/etc/company.conf', '/etc/opendkim']);
    psql('postgres', 'DROP DATABASE shop; DROP ROLE clerk');
    psqlInside('stock', 'DELETE FROM orders WHERE id > 7');
    if (hasVolume) engine.docker(['exec', 'myapp', 'rm', '/data/state']);
    for (const { target } of targets) await restore(policy, target);
    assert.deepEqual(states(), whole);
  });

  test('policy init finds all three, and what it writes backs them up and brings them back', async (t) => {
    machine.write(
      '/etc/dovecot/dovecot.conf',
      `ssl = no
      mail_location = maildir:/srv/mailserver/data/mail/vmail/%d/%n/Maildir
      passdb {
        driver = passwd-file
        args = scheme=CRYPT username_format=%u /srv/mailserver/dovecot/users
      }\n`,
    );
    const policy = '/etc/hikae/found.yaml';
    machine.run([hikae, 'policy', 'init', '--lang', 'ja', '--policy', policy]);
    const text = readFileSync(`${machine.root}${policy}`, 'utf8');
    assert.ok(!text.includes(PASSWORD));
    const found: Example = parse(text);
    assert.deepEqual(
      Object.entries(found.targets).map(([target, { components }]) => [target, Object.keys(components)]),
      [
        ['system', ['etc']],
        ['mail', ['vmail', 'mailserver', 'mysql', 'vmail-2', 'mailserver-2', 'dkim', 'config']],
        ['blog', ['sites', 'blog', 'mysql']],
        ['myapp', ['myapp_data']],
        ['postgres', ['postgres']],
        ['databases', ['postgres']],
        ['srv', ['fileshare']],
      ],
    );
    const explained = JSON.parse(machine.run([hikae, 'policy', 'explain', '--json', '--policy', policy]));
    const codes = explained.gaps.map(({ code }: { code: string }) => code);
    assert.deepEqual([...new Set(codes)].sort(), ['no-off-site', 'not-encrypted']);
    const later = withoutLater(policy, found);
    if (later.length > 0) t.diagnostic(`what init wrote, without ${later.join(', ')}`);

    await backUp(policy);
    const kept = ['/srv/mailserver', services, '/etc/opendkim/keys', '/srv/blog'];
    const posts = () => maria('SELECT ID, MD5(post_content) FROM wordpress.wp_posts ORDER BY ID');
    const states = () => [files(...kept), mailRows(), posts()];
    const whole = states();
    destroyMail('/srv/mailserver', 'dovecot/users');
    machine.run(['rm', '-r', `${services}/data/mail/vmail/example.org`, '/srv/blog/sites/one']);
    maria('DROP DATABASE wordpress');
    for (const target of ['mail', 'blog']) await restore(policy, target);
    assert.deepEqual(states(), whole);
  });

  /** Writes the example to where a user would have it, without what can't be done here; gives its path. */
  function install(name: string, t: { diagnostic(text: string): void }): string {
    const example = new URL(`../../examples/${name}.yaml`, import.meta.url);
    const policy: Example = parse(readFileSync(example, 'utf8'));
    // Three machines in one: each has a record of its own.
    policy.state = `/var/lib/hikae/${name}`;
    const file = `/etc/hikae/${name}.yaml`;
    t.diagnostic(
      `${name}.yaml without ${[...withoutElsewhere(policy), ...withoutLater(file, policy)].join(', ')}`,
    );
    return file;
  }

  /** Writes a policy without the components that this version does not capture yet; gives their places in it. */
  function withoutLater(file: string, policy: Example): readonly string[] {
    const check = (): readonly string[] => {
      machine.write(file, JSON.stringify(policy), 0o600);
      const ran = JSON.parse(machine.run([hikae, 'policy', 'check', '--json', '--policy', file]));
      return ran.notYetActing.map(({ path }: { path: string }) => path);
    };
    const later = check();
    for (const path of later) {
      const [, target = '', , component = ''] = path.split('.');
      delete policy.targets[target]?.components[component];
      if (Object.keys(policy.targets[target]?.components ?? {}).length === 0) delete policy.targets[target];
    }
    assert.deepEqual(check(), []);
    return later;
  }
});

/** The lines that tell of trouble, of pages that tell of everything. */
function wrongIn(...texts: readonly string[]): string {
  const lines = texts.join('\n').split('\n');
  return lines.filter((line) => /"(?:message|code|reason|hint)":/.test(line)).join('\n');
}

interface Example {
  targets: Record<string, { components: Record<string, unknown> }>;
  vaults: Record<string, { plain?: string; restic?: string }>;
  schedules: Record<string, { to: string; copyTo?: unknown }>;
  [key: string]: unknown;
}

/** Only this machine: takes away vaults elsewhere and copies to them, and what happens beside; gives their places. */
function withoutElsewhere(policy: Example): readonly string[] {
  const leftOut: string[] = [];
  for (const [vault, { plain }] of Object.entries(policy.vaults)) {
    if (plain?.startsWith('/')) continue;
    leftOut.push(`vaults.${vault}`);
    delete policy.vaults[vault];
  }
  for (const [schedule, settings] of Object.entries(policy.schedules)) {
    if (settings.copyTo === undefined) continue;
    leftOut.push(`schedules.${schedule}.copyTo`);
    delete settings.copyTo;
  }
  for (const key of ['notify', 'scan', 'cost', 'drill']) {
    if (policy[key] === undefined) continue;
    leftOut.push(key);
    delete policy[key];
  }
  return leftOut;
}
