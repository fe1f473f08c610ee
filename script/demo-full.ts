/**
 * The whole server as one restore point: real mail, a real WordPress, PostgreSQL and a volume of Docker are backed up,
 * destroyed, and answer again. Everything is in a temporary folder, with servers of its own; `script/demo --full` starts it.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDocker } from '../test/servers/docker.ts';
import { buildMariadb, buildTiny, idle, runMariadb } from '../test/servers/docker-images.ts';
import { dovecotUser, startDovecot, VMAIL } from '../test/servers/dovecot.ts';
import { freePort } from '../test/servers/free-port.ts';
import { startMariadb } from '../test/servers/mariadb.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { installWordpress, serveWordpress } from '../test/servers/wordpress.ts';

const [command = '', language = 'en', keep] = process.argv.slice(2);
const began = performance.now();
const stops: (() => unknown)[] = [];

function say(en: string, ja: string): void {
  process.stdout.write(`${language === 'ja' ? ja : en}\n`);
}

function step(en: string, ja: string): void {
  say(`\n── ${en}`, `\n── ${ja}`);
}

function proven(en: string, ja: string): void {
  say(`✔ ${en}`, `✔ ${ja}`);
}

const place = mkdtempSync(join(tmpdir(), 'hikae-demo-'));
chmodSync(place, 0o755);
stops.push(() => {
  if (keep === undefined) rmSync(place, { recursive: true, force: true });
  else say(`what lay on its disk is still in ${place}`, `ディスクの内容は ${place} に残してあります`);
});
const srv = join(place, 'srv');
const policy = join(place, 'policy.yaml');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().then(() => process.exit(130)));
}
try {
  await demonstrate();
} catch (error) {
  process.exitCode = 1;
  say('The demonstration failed.', 'デモは失敗しました。');
  console.error(error);
} finally {
  await stopAll();
}

/** The newest first; each once. */
async function stopAll(): Promise<void> {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}

async function demonstrate(): Promise<void> {
  step('A server, all of it real: its parts start', '本物のサーバーを構成する各サービスを起動します');
  const docker = await startDocker();
  stops.push(() => docker.stop());
  const hikae = (...args: string[]) => {
    process.stdout.write(`$ hikae ${args.join(' ')}\n`);
    const { status } = spawnSync(command, ['--policy', policy, '--lang', language, ...args], {
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: '/nonexistent', ...docker.environment },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    assert.equal(status, 0, `hikae ${args.join(' ')} ended with ${status}`);
  };

  // Mail: a Maildir that Dovecot serves, two databases in a container, keys and settings.
  const secret = 'ひみつ-mailserver';
  writeFileSync(join(place, 'mysql.pw'), secret, { mode: 0o600 });
  const image = buildMariadb(docker);
  const startDatabase = () => runMariadb(docker, image, { name: 'mailserver-mysql', password: secret });
  const mailSql = (statement: string) =>
    docker.docker(
      [
        'exec',
        '-i',
        '-e',
        'MYSQL_PWD',
        'mailserver-mysql',
        'mariadb',
        '-u',
        'root',
        '--default-character-set=utf8mb4',
        '-N',
      ],
      { input: statement, environment: { MYSQL_PWD: secret } },
    );
  await startDatabase();
  mailSql(`CREATE DATABASE usermgmt; CREATE DATABASE roundcubemail;
    CREATE TABLE usermgmt.users (address VARCHAR(80) PRIMARY KEY, name TEXT) CHARSET utf8mb4;
    INSERT INTO usermgmt.users VALUES ('akiko@example.org', '佐藤明子'), ('ben@example.org', 'Ben');
    USE roundcubemail; CREATE TABLE roundcubemail.contacts (id INT AUTO_INCREMENT PRIMARY KEY, email TEXT);
    INSERT INTO roundcubemail.contacts (email) SELECT CONCAT('c', seq, '@example.net') FROM seq_1_to_2000;
    CREATE USER roundcube@localhost IDENTIFIED BY 'rc'; GRANT ALL ON roundcubemail.* TO roundcube@localhost;`);
  layMail();
  const users = join(srv, 'mailserver/dovecot/users');
  const dovecot = await startDovecot(users);
  stops.push(() => dovecot.stop());

  // A blog: WordPress with its MariaDB on the host.
  const mariadb = await startMariadb();
  stops.push(() => mariadb.stop());
  const site = join(srv, 'blog');
  const port = await freePort();
  const grant = "CREATE USER wp@localhost IDENTIFIED BY 'wp-word'; GRANT ALL ON wordpress.* TO wp@localhost;";
  mariadb.sql(`CREATE DATABASE wordpress CHARSET utf8mb4; ${grant}`);
  const database = { socket: mariadb.socket, name: 'wordpress', user: 'wp', password: 'wp-word' };
  const post = { title: '控えのある暮らし', content: 'A post that must come back.' };
  await installWordpress({ folder: site, port, database, post });
  let web = await serveWordpress(site, port);
  stops.push(() => web.stop());

  // A PostgreSQL, and an application that keeps its data in a volume.
  const postgres = await startPostgres();
  stops.push(() => postgres.stop());
  postgres.psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE DATABASE ledger OWNER clerk');
  postgres.psql(
    'ledger',
    "CREATE TABLE entries AS SELECT n, 'entry ' || n AS what FROM generate_series(1, 5000) AS n",
  );
  const tiny = buildTiny(docker);
  const startApp = () =>
    docker.run({
      image: tiny,
      name: 'app',
      command: idle,
      volumes: ['app_data:/data'],
      options: ['--stop-timeout=1'],
    });
  startApp();
  docker.docker(['exec', 'app', 'sh', '-c', 'for n in 1 2 3 4 5; do echo "document $n" >/data/$n.txt; done']);

  const answers = async () => ({
    imap: await dovecot.readMessage('akiko@example.org', 'word', 1),
    users: mailSql('SELECT * FROM usermgmt.users'),
    contacts: mailSql('SELECT COUNT(*), MD5(GROUP_CONCAT(email)) FROM roundcubemail.contacts'),
    grants: mailSql('SHOW GRANTS FOR roundcube@localhost'),
    dkim: readFileSync(join(srv, 'mailserver/dkim/example.org.private'), 'utf8'),
    settings: readFileSync(join(srv, 'mailserver/.env'), 'utf8'),
    page: await web.page('/'),
    ledger: postgres.psql('ledger', "SELECT count(*), md5(string_agg(what, ',' ORDER BY n)) FROM entries"),
    owner: postgres.psql(
      'postgres',
      "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'ledger'",
    ),
    volume: docker.docker(['exec', 'app', 'sh', '-c', 'cat /data/*.txt']),
  });
  const before = await answers();
  assert.match(before.page, new RegExp(post.title));
  assert.match(before.imap, /控えの見本/);
  proven(
    'IMAP, WordPress, two MariaDB, PostgreSQL and a container with a volume answer',
    'IMAP、WordPress、MariaDB 2 つ、PostgreSQL、ボリュームを持つコンテナーが応答しています',
  );

  step('Its policy', 'ポリシー');
  writeFileSync(
    policy,
    `version: 1
state: ${place}/state
targets:
  mail:
    components:
      vmail:  { files: ${srv}/mail }
      mysql:  { mysql: { docker: mailserver-mysql, databases: [usermgmt, roundcubemail], password: { file: ${place}/mysql.pw } } }
      dkim:   { files: ${srv}/mailserver/dkim }
      config: { files: [${srv}/mailserver/.env, ${users}] }
  blog:
    components:
      site:  { files: ${site} }
      mysql: { mysql: { socket: ${mariadb.socket}, databases: all } }
  ledger:
    components:
      postgres: { postgres: { socket: ${postgres.folder}, port: ${postgres.port} } }
  app:
    components:
      data: { docker-volume: { volume: app_data, pause: true, maxPause: 2m } }
vaults:
  disk: { plain: ${place}/vault, keep: { daily: 7 } }
schedules:
  daily: { at: "02:00", to: disk }
`,
    { mode: 0o600 },
  );
  process.stdout.write(readFileSync(policy));

  step('One backup of all of it', 'すべてを一度にバックアップします');
  hikae('backup');
  hikae('verify', '--level', 'full');
  const dump = join(place, 'vault/daily/mail/latest/mysql/usermgmt.sql.gz');
  process.stdout.write(`$ zcat …/usermgmt.sql.gz | grep -A 2 INSERT\n`);
  process.stdout.write(execFileSync('sh', ['-c', 'zcat "$0" | grep -a -A 2 INSERT', dump]));

  step('Disaster: every bit of it is gone', '障害発生: すべて失われます');
  await web.stop();
  rmSync(srv, { recursive: true });
  docker.docker(['rm', '--force', '--volumes', 'mailserver-mysql', 'app']);
  docker.docker(['volume', 'rm', 'app_data']);
  mariadb.sql('DROP DATABASE wordpress; DROP USER wp@localhost');
  await postgres.renew();
  await assert.rejects(dovecot.readMessage('akiko@example.org', 'word', 1));
  proven(
    'mail, sites, keys, databases, roles and the volume are gone',
    'メール、サイト、鍵、データベース、ロール、ボリュームが消えました',
  );

  step('On empty servers, everything back in place', '空のサーバーに、すべて元の場所へ復元します');
  await startDatabase();
  for (const target of ['mail', 'blog', 'ledger', 'app']) hikae('restore', target, '--in-place');
  startApp();
  web = await serveWordpress(site, port);
  assert.deepEqual(await answers(), before);
  proven(
    'Dovecot serves the same mail, and its users log in',
    'Dovecot が同じメールを配信し、利用者がログインできます',
  );
  proven('WordPress shows the same page', 'WordPress が同じページを表示します');
  proven(
    'MariaDB and PostgreSQL have the same rows, accounts and owners',
    'MariaDB と PostgreSQL の行、アカウント、所有者が一致しました',
  );
  proven('the application finds its volume', 'アプリケーションのボリュームが元どおりです');
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`\n${seconds} s in all`, `\n合計 ${seconds} 秒`);

  function layMail(): void {
    const folder = join(srv, 'mail/example.org/akiko');
    for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(folder, 'Maildir', name), { recursive: true });
    for (let number = 1; number <= 300; number++) {
      const head = `From: someone@example.net\nTo: akiko@example.org\nSubject: mail ${number}\nContent-Type: text/plain; charset=utf-8\n`;
      writeFileSync(
        join(folder, 'Maildir/cur', `17${1000 + number}.M1P1.demo:2,S`),
        `${head}\n控えの見本です。${number}\n`,
      );
    }
    execFileSync('chown', ['--recursive', `${VMAIL}:${VMAIL}`, join(srv, 'mail')]);
    const settings = join(srv, 'mailserver');
    for (const name of ['dkim', 'dovecot']) mkdirSync(join(settings, name), { recursive: true });
    execFileSync('openssl', ['genrsa', '-out', join(settings, 'dkim/example.org.private'), '2048'], {
      stdio: 'ignore',
    });
    writeFileSync(join(settings, '.env'), `MYSQL_ROOT_PASSWORD=${secret}\nMAIL_DOMAIN=example.org\n`, {
      mode: 0o600,
    });
    writeFileSync(join(settings, 'dovecot/users'), dovecotUser('akiko@example.org', 'word', folder));
  }
}
