import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Machine } from '../../../test/doubles/machine.ts';
import { languages } from '../../base/language.ts';
import { checkPolicy } from '../load.ts';
import type { Policy } from '../policy-file.ts';
import { initPolicy } from './init.ts';

const names = { hostname: 'dell', timezone: 'Asia/Tokyo' };
const signal = new AbortController().signal;
const isRoot = process.getuid?.() === 0;
const SOMEBODY = 33;

describe('init', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => machine[Symbol.asyncDispose]());

  /** Writes one in each language, and gives what both say. */
  async function written(hostname = 'dell'): Promise<{ policy: Policy; text: string }> {
    const host = machine.host();
    const loaded: { policy: Policy; text: string }[] = [];
    for (const language of languages) {
      const text = await initPolicy(host, { ...names, hostname, language, signal });
      loaded.push({ policy: sound(text), text });
    }
    const [english, japanese] = loaded;
    assert.ok(english !== undefined && japanese !== undefined);
    assert.deepEqual(japanese.policy.targets, english.policy.targets);
    assert.deepEqual(japanese.policy.vaults, english.policy.vaults);
    assert.match(japanese.text, /# 守る対象/);
    return english;
  }

  function sound(text: string): Policy {
    const checked = checkPolicy(text, { hostname: 'default', timezone: 'UTC', file: 'x' });
    assert.ok(checked.ok, `${text}\n${JSON.stringify(checked)}`);
    return checked.policy;
  }

  /** Its components, each in a few words. */
  function partsOf(policy: Policy): Record<string, string> {
    return Object.fromEntries(
      Object.entries(policy.targets).flatMap(([target, { components }]) =>
        Object.entries(components).map(([name, component]) => [`${target}/${name}`, wordsOf(component)]),
      ),
    );
  }

  function wordsOf(component: Policy['targets'][string]['components'][string]): string {
    const { files, include, exclude, mysql, postgres } = component;
    if (files !== undefined) {
      const only = include === undefined ? '' : ` only ${include.join(' ')}`;
      const without = exclude === undefined ? '' : ` without ${exclude.join(' ')}`;
      return `${files.roots.join(' ')}${only}${without}`;
    }
    const database = mysql ?? postgres;
    if (database === undefined) return `volume ${component['docker-volume']?.volume}`;
    const { docker, socket, port, user, databases, password } = database;
    return [
      mysql === undefined ? 'postgres' : 'mysql',
      docker === undefined ? socket : `in ${docker}`,
      port,
      user === undefined ? undefined : `as ${user}`,
      databases === 'all' ? 'all' : databases.join(','),
      password?.command?.join(' '),
    ]
      .filter((word) => word !== undefined)
      .join(' ');
  }

  /** The text with every proposal of a line taken up. */
  function takenUp(text: string): Policy {
    return sound(text.replace(/# ((?:mysql|postgres)(?:-\d)?: \{)/g, '$1'));
  }

  test('on a bare machine writes /etc and says that the vault is on the same disk', async () => {
    const { policy, text } = await written();
    assert.deepEqual(partsOf(policy), { 'system/etc': '/etc' });
    assert.equal(policy.vaults.local?.plain, '/var/backups/hikae');
    assert.equal(policy.vaults.local?.mounted, undefined);
    assert.match(text, /same disk as the data/);
    assert.equal(policy.host, 'dell');
    assert.equal(policy.timezone, 'Asia/Tokyo');
  });

  test('finds mail, sites, other folders of /srv and homes, and takes nothing twice', async () => {
    machine
      .folders('var/vmail', 'var/www/html', 'home/taro/Documents')
      .folders('srv/mailserver/data/mail/vmail/example.org', 'srv/mailserver/config', 'srv/fileshare')
      .folders('srv/latest')
      .file('srv/blog/sites/one/wp-config.php')
      .file('srv/shop/wp-config.php');
    const { policy, text } = await written();
    assert.deepEqual(partsOf(policy), {
      'system/etc': '/etc',
      'mail/vmail': '/var/vmail',
      'mail/vmail-2': '/srv/mailserver/data/mail/vmail',
      'mail/mailserver': '/srv/mailserver without /data/mail/vmail',
      'blog/sites': '/srv/blog/sites without **/wp-content/cache/**',
      'blog/blog': '/srv/blog without /sites',
      'shop/shop': '/srv/shop without **/wp-content/cache/**',
      'web/www': '/var/www',
      'srv/fileshare': '/srv/fileshare',
      'srv/data-latest': '/srv/latest',
      'home/home': '/home',
    });
    assert.equal(text.match(/files alone are not enough/g)?.length, 2);
    assert.equal(text.match(/FILL IN: which database/g)?.length, 2);
  });

  describe('a disk of its own for the vault', () => {
    const root = '22 1 8:1 / / rw - ext4 /dev/sda1 rw';

    test('is neither a bind mount, memory, a stick, nor another part of the same disk', async () => {
      machine.mounts(
        root,
        '23 22 8:1 / /mnt/bind rw - ext4 /dev/sda1 rw',
        '24 22 0:50 / /mnt/ram rw - tmpfs tmpfs rw',
        '25 22 8:33 / /media/stick rw - vfat /dev/sdc1 rw',
        '26 22 8:2 / /mnt/part rw - ext4 /dev/sda2 rw',
        '27 22 8:17 / /mnt/backup\\040hdd rw - ext4 /dev/sdb1 rw',
      );
      const { policy } = await written();
      assert.equal(policy.vaults.local?.plain, '/mnt/backup hdd/hikae');
      assert.equal(policy.vaults.local?.mounted, '/mnt/backup hdd');
    });

    test('is not one that holds what is to be protected', async () => {
      machine
        .mounts(
          root,
          '23 22 8:17 / /mnt/data rw - ext4 /dev/sdb1 rw',
          '24 22 8:33 / /mnt/old rw - ext4 /dev/sdc rw',
        )
        .folders('mnt/data/vmail/example.org')
        .file('etc/postfix/main.cf', 'virtual_mailbox_base = /mnt/data/vmail\n');
      const { policy } = await written();
      assert.equal(partsOf(policy)['mail/vmail'], '/mnt/data/vmail');
      assert.equal(policy.vaults.local?.mounted, '/mnt/old');
    });
  });

  describe('databases of the machine', () => {
    test('that run are taken as a whole when nothing is known to use them', async () => {
      machine.file('var/lib/mysql/ibdata1').folders('var/lib/mysql/shop', 'var/lib/postgresql/15');
      await machine.listens('run/mysqld/mysqld.sock');
      await machine.listens('run/postgresql/.s.PGSQL.5432');
      await machine.listens('run/postgresql/.s.PGSQL.5433');
      const { policy } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'databases/mysql': 'mysql /run/mysqld/mysqld.sock all',
        'databases/postgres': 'postgres /run/postgresql all',
        'databases/postgres-2': 'postgres /run/postgresql 5433 all',
      });
    });

    test('that do not run are something to fill in', async () => {
      machine.file('var/lib/mysql/ibdata1').folders('var/lib/postgresql/15/main');
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), { 'system/etc': '/etc' });
      assert.match(text, /FILL IN: a MySQL \/ MariaDB server is installed and does not run/);
      assert.deepEqual(partsOf(takenUp(text)), {
        'system/etc': '/etc',
        'system/mysql': 'mysql /run/mysqld/mysqld.sock all',
        'system/postgres': 'postgres /run/postgresql all',
      });
    });

    test('are not believed where anybody may listen', async () => {
      await machine.listens('tmp/mysqld.sock');
      await machine.listens('var/tmp/.s.PGSQL.5432');
      await machine.listens('run/mysqld/mysqlx.sock');
      assert.deepEqual(partsOf((await written()).policy), { 'system/etc': '/etc' });
    });
  });

  describe('WordPress', () => {
    const config = (lines: string) =>
      `<?php\n// define('DB_NAME', 'old');\n${lines}\ndefine( 'DB_PASSWORD', 'hunter2' );\n`;

    test('comes with its database, and the others on the server in a target of their own', async () => {
      machine
        .file('srv/blog/sites/one/wp-config.php', config(`define( 'DB_NAME', 'one' );`))
        .file(
          'srv/blog/sites/two/wp-config.php',
          config(`define("DB_NAME", "two"); define('DB_HOST', '127.0.0.1');`),
        )
        .file('var/lib/mysql/ibdata1')
        .folders(
          'var/lib/mysql/mysql',
          'var/lib/mysql/one',
          'var/lib/mysql/two',
          'var/lib/mysql/other@002dwork',
        );
      await machine.listens('run/mysqld/mysqld.sock');
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'blog/sites': '/srv/blog/sites without **/wp-content/cache/**',
        'blog/blog': '/srv/blog without /sites',
        'blog/mysql': 'mysql /run/mysqld/mysqld.sock one,two',
        'databases/mysql': 'mysql /run/mysqld/mysqld.sock all',
      });
      assert.doesNotMatch(text, /hunter2/);
    });

    test('needs no other target for databases when the server has none', async () => {
      machine
        .file('srv/blog/wp-config.php', config(`define('DB_NAME', 'one');`))
        .file('var/lib/mysql/ibdata1')
        .folders('var/lib/mysql/sys', 'var/lib/mysql/one');
      await machine.listens('run/mysqld/mysqld.sock');
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'blog/blog': '/srv/blog without **/wp-content/cache/**',
        'blog/mysql': 'mysql /run/mysqld/mysqld.sock one',
      });
      assert.match(text, /database that is made later/);
    });

    test('on another server is something to fill in, with the password by reference', async () => {
      const host = `define('DB_NAME', 'one'); define('DB_USER', 'wp'); define('DB_HOST', 'db.example.org:3307');`;
      machine.file('srv/blog/wp-config.php', config(host));
      const { text } = await written();
      const { mysql } = takenUp(text).targets.blog?.components.mysql ?? {};
      assert.equal(mysql?.host, 'db.example.org');
      assert.equal(mysql.port, 3307);
      assert.equal(mysql.user, 'wp');
      assert.deepEqual(mysql.databases, ['one']);
      assert.deepEqual(mysql.password, { file: '/etc/hikae/one.pw' });
      assert.doesNotMatch(text, /hunter2/);
    });

    test("of Debian's package is found by its configuration", async () => {
      const content = `define('WP_CONTENT_DIR', '/var/lib/wordpress/wp-content');`;
      machine
        .folders('var/lib/wordpress/wp-content/uploads')
        .file('etc/wordpress/config-localhost.php', config(`define('DB_NAME', 'wordpress');\n${content}`));
      await machine.listens('run/mysqld/mysqld.sock');
      const { policy } = await written();
      assert.equal(
        partsOf(policy)['web/wp-content'],
        '/var/lib/wordpress/wp-content without **/wp-content/cache/**',
      );
      assert.equal(partsOf(policy)['web/mysql'], 'mysql /run/mysqld/mysqld.sock wordpress');
    });

    test('in a home is taken once', async () => {
      machine.file('home/taro/www/wp-config.php');
      const parts = partsOf((await written()).policy);
      assert.equal(parts['web/www'], '/home/taro/www without **/wp-content/cache/**');
      assert.equal(parts['home/home'], '/home without /taro/www');
    });
  });

  describe('a mail server', () => {
    test('comes with keys, settings, users and the databases that it asks', async () => {
      machine
        .folders('var/vmail/example.org/akiko/Maildir/cur', 'run/systemd/system')
        .file('lib/systemd/system/dovecot.service')
        .file('lib/systemd/system/postfix.service')
        .file(
          'etc/dovecot/dovecot.conf',
          '!include conf.d/*.conf\n!include_try /usr/share/dovecot/none.conf\n',
        )
        .file(
          'etc/dovecot/conf.d/10-mail.conf',
          '#mail_location = maildir:/wrong/%u\nmail_location = maildir:/var/vmail/%d/%n/Maildir\n',
        )
        .file(
          'etc/dovecot/conf.d/auth.conf',
          'passdb {\n  driver = passwd-file\n  args = scheme=CRYPT username_format=%u /srv/auth/users\n}\npassdb {\n  driver = sql\n  args = /etc/dovecot/dovecot-sql.conf.ext\n}\n',
        )
        .file(
          'etc/dovecot/dovecot-sql.conf.ext',
          'driver = mysql\nconnect = host=/run/mysqld/mysqld.sock dbname=usermgmt user=mail password=hunter2\n',
          0o600,
        )
        .file('srv/auth/users')
        .file(
          'etc/postfix/main.cf',
          'virtual_mailbox_base = /var/vmail\nvirtual_mailbox_maps =\n  hash:/etc/postfix/vmailbox\n  proxy:pgsql:/etc/postfix/pgsql.cf\n',
        )
        .file('etc/postfix/pgsql.cf', 'hosts = localhost\ndbname = aliases\npassword = hunter2\n')
        .file(
          'etc/roundcube/debian-db.php',
          "<?php\n$dbuser='roundcube';\n$dbpass='hunter2';\n$dbname='roundcubemail';\n$dbtype='mysql';\n$dbserver='localhost';\n",
        )
        .file('etc/opendkim.conf', 'KeyTable refile:/etc/opendkim/KeyTable\n')
        .file('etc/opendkim/KeyTable', 'a example.org:2026:/srv/dkim/2026.private\n')
        .file('srv/dkim/2026.private', '', 0o600)
        .file('var/lib/mysql/ibdata1')
        .folders('var/lib/mysql/usermgmt', 'var/lib/mysql/roundcubemail');
      await machine.listens('run/mysqld/mysqld.sock');
      await machine.listens('run/postgresql/.s.PGSQL.5432');
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'mail/vmail': '/var/vmail',
        'mail/mysql': 'mysql /run/mysqld/mysqld.sock roundcubemail,usermgmt',
        'mail/postgres': 'postgres /run/postgresql aliases',
        'mail/dkim': '/srv/dkim',
        'mail/config':
          '/etc/dovecot /etc/postfix /etc/opendkim.conf /etc/opendkim /etc/roundcube /srv/auth/users',
        'databases/postgres': 'postgres /run/postgresql all',
        'srv/auth': '/srv/auth',
        'srv/dkim': '/srv/dkim',
      });
      assert.deepEqual(policy.targets.mail?.restore, {
        before: [
          ['systemctl', 'stop', 'postfix'],
          ['systemctl', 'stop', 'dovecot'],
        ],
        after: [
          ['systemctl', 'start', 'dovecot'],
          ['systemctl', 'start', 'postfix'],
        ],
      });
      assert.doesNotMatch(text, /hunter2/);
    });

    test('that delivers into the homes of users', async () => {
      machine
        .folders('home/taro/Maildir/cur', 'home/hanako/src')
        .file('etc/postfix/main.cf', 'home_mailbox = Maildir/\n');
      const { policy } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'mail/maildir': '/home only /*/Maildir',
        'mail/config': '/etc/postfix',
        'home/home': '/home without /*/Maildir',
      });
    });

    test('that delivers into the spool', async () => {
      machine.file('etc/postfix/main.cf', 'myhostname = mx.example.org\n').file('var/mail/taro', 'From x\n');
      assert.equal(partsOf((await written()).policy)['mail/mail'], '/var/mail');
    });

    test('that only hands mail on is none', async () => {
      machine.folders('var/mail').file('etc/postfix/main.cf', 'relayhost = mx.example.org\n');
      assert.deepEqual(partsOf((await written()).policy), { 'system/etc': '/etc' });
    });
  });

  describe('containers', () => {
    const compose = (project: string, folder: string, service: string) => ({
      'com.docker.compose.project': project,
      'com.docker.compose.project.working_dir': folder,
      'com.docker.compose.service': service,
    });
    const running = { Running: true };
    const bind = (Source: string, Destination: string) => ({ Type: 'bind', Source, Destination });
    const volume = (Name: string, Destination: string) => ({
      Type: 'volume',
      Name,
      Source: '/x',
      Destination,
    });

    test('of a mail system are one target with its folder', async () => {
      const place = '/opt/infra/project/root/services/mailserver';
      machine
        .folders(`${place}/data/mail/vmail/example.org`, `${place}/data/mysql`)
        .file(`${place}/docker-compose.yml`)
        .file(`${place}/.env`, 'MYSQL_ROOT_PASSWORD=hunter2\n', 0o600)
        .docker([
          {
            Name: '/mailserver-mysql',
            State: running,
            Config: {
              Image: 'mariadb:10.11',
              Env: ['MYSQL_ROOT_PASSWORD=hunter2'],
              Labels: compose('mailserver', place, 'mysql'),
            },
            Mounts: [bind(`${place}/data/mysql`, '/var/lib/mysql')],
          },
          {
            Name: '/mailserver-dovecot',
            State: running,
            Config: { Image: 'mailserver-dovecot', Labels: compose('mailserver', place, 'dovecot') },
            Mounts: [bind(`${place}/data/mail/vmail`, '/var/mail/vmail'), bind('/var/run/docker.sock', '/s')],
          },
        ]);
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'mail/vmail': `${place}/data/mail/vmail`,
        'mail/mailserver': `${place} without /data/mail/vmail /data/mysql`,
        'mail/mysql':
          'mysql in mailserver-mysql all docker exec mailserver-mysql printenv MYSQL_ROOT_PASSWORD',
      });
      assert.deepEqual(policy.targets.mail?.restore.before, [['docker', 'stop', 'mailserver-dovecot']]);
      assert.deepEqual(policy.targets.mail?.restore.after, [['docker', 'start', 'mailserver-dovecot']]);
      assert.doesNotMatch(text, /hunter2/);
    });

    test('of a project have their databases, volumes and folders, and not the files of the databases', async () => {
      machine.folders('data/uploads/x', 'data/pg').docker(
        [
          {
            Name: '/app-db-1',
            State: running,
            Path: 'docker-entrypoint.sh',
            Args: ['postgres'],
            Config: {
              Image: 'sha256:0123',
              Env: ['POSTGRES_USER=app', 'POSTGRES_PASSWORD=hunter2'],
              Labels: compose('app', '/tmp/somewhere', 'db'),
            },
            Mounts: [volume('app_pg', '/var/lib/postgresql/data')],
          },
          {
            Name: '/app-web-1',
            State: running,
            Config: { Image: 'app', Labels: compose('app', '/tmp/somewhere', 'web') },
            Mounts: [
              volume('app_data', '/data'),
              volume('app_share', '/share'),
              bind('/data/uploads', '/uploads'),
              bind('/data/gone', '/gone'),
              bind('/', '/host'),
            ],
          },
          { Name: '/alone', State: running, Config: { Image: 'own/thing' }, Mounts: [] },
        ],
        [
          { Name: 'app_data', Driver: 'local', Options: null },
          { Name: 'app_pg', Driver: 'local', Options: null },
          { Name: 'app_share', Driver: 'local', Options: { type: 'nfs' } },
          { Name: 'idle', Driver: 'local', Options: {} },
          { Name: 'f'.repeat(64), Driver: 'local', Options: null },
        ],
        { alone: 'mariadbd' },
      );
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'alone/mysql': 'mysql in alone all',
        'app/postgres': 'postgres in app-db-1 as app all',
        'app/app_data': 'volume app_data',
        'app/uploads': '/data/uploads',
        'volumes/idle': 'volume idle',
      });
      assert.match(text, /not here: the volume app_share/);
      assert.match(text, /not here: 1 volumes without a name/);
      assert.doesNotMatch(text, /hunter2/);
    });

    test('that a WordPress reaches by their service or port need no claim of their own', async () => {
      const config = (host: string) => `<?php define('DB_NAME', 'wp'); define('DB_HOST', '${host}');`;
      machine
        .file('srv/blog/html/wp-config.php', config('db'))
        .file('srv/shop/wp-config.php', config('127.0.0.1:3307'))
        .file('srv/blog/compose.yaml')
        .docker([
          {
            Name: '/blog-db-1',
            State: running,
            Config: {
              Image: 'mysql:8',
              Env: ['MYSQL_ROOT_PASSWORD_FILE=/run/secrets/root', 'MYSQL_PASSWORD=hunter2'],
              Labels: compose('blog', '/srv/blog', 'db'),
            },
            NetworkSettings: {
              Ports: { '3306/tcp': [{ HostIp: '0.0.0.0', HostPort: '3307' }], '33060/tcp': null },
            },
            Mounts: [],
          },
          {
            Name: '/old-db',
            State: { Running: false },
            Config: { Image: 'docker.io/library/mariadb@sha256:0123' },
            Mounts: [],
          },
        ]);
      const { policy, text } = await written();
      assert.deepEqual(partsOf(policy), {
        'system/etc': '/etc',
        'blog/html': '/srv/blog/html without **/wp-content/cache/**',
        'blog/blog': '/srv/blog without /html',
        'blog/mysql': 'mysql in blog-db-1 all docker exec blog-db-1 cat /run/secrets/root',
        'shop/shop': '/srv/shop without **/wp-content/cache/**',
      });
      assert.match(text, /FILL IN: the container old-db holds databases and is not running/);
      assert.equal(partsOf(takenUp(text))['system/mysql'], 'mysql in old-db all');
    });

    test('of a Docker that does not answer are told of as missing, and nothing waits for it', async () => {
      machine.file('usr/bin/docker', '#!/bin/sh\nexec sleep 60\n', 0o755);
      const start = performance.now();
      const text = await initPolicy(machine.host({ patience: 200 }), { ...names, language: 'en', signal });
      assert.ok(performance.now() - start < 5_000);
      assert.match(text, /Docker is installed but did not answer/);
      sound(text);
    });

    test('are not asked for by a program that somebody else could have put there', {
      skip: !isRoot,
    }, async () => {
      machine
        .docker([{ Name: '/evil', State: running, Config: { Image: 'mysql' } }])
        .give('usr/bin/docker', SOMEBODY);
      assert.deepEqual(partsOf((await written()).policy), { 'system/etc': '/etc' });
    });
  });

  test('writes names that YAML or the policy would read otherwise so that they are read right', async () => {
    machine
      .folders("srv/it's: [a] #1", 'srv/日本', 'srv/-x', 'srv/UPPER', 'srv/upper', 'srv/a.partial', 'srv/no')
      .folders('srv/123', 'srv/*star/vmail');
    const { policy } = await written('123');
    assert.deepEqual(Object.values(partsOf(policy)).sort(), [
      '/etc',
      '/srv/*star without /vmail',
      '/srv/*star/vmail',
      '/srv/-x',
      '/srv/123',
      '/srv/UPPER',
      '/srv/a.partial',
      "/srv/it's: [a] #1",
      '/srv/no',
      '/srv/upper',
      '/srv/日本',
    ]);
    assert.equal(policy.host, '123');
  });

  test('leaves out a host name that the policy could not have', async () => {
    assert.equal((await written('a b')).policy.host, 'default');
  });

  test('does not follow links below /srv', async () => {
    machine.folders('elsewhere/vmail', 'srv').link('srv/link', '/elsewhere');
    assert.deepEqual(partsOf((await written()).policy), { 'system/etc': '/etc' });
  });

  test('follows a link of root, and none of a user', { skip: !isRoot }, async () => {
    const config = `<?php define('DB_NAME', 'wp'); define('DB_HOST', 'db.example.org');`;
    machine
      .file('data/www/one/wp-config.php', config)
      .link('var/www', '/data/www')
      .file('secret.php', config)
      .folders('srv/blog')
      .link('srv/blog/wp-config.php', '/secret.php')
      .give('srv/blog', SOMEBODY);
    const host = machine.host();
    assert.equal(await host.text('/var/www/one/wp-config.php', { signal }), config);
    assert.equal(await host.text('/srv/blog/wp-config.php', { signal }), undefined);
    assert.equal(await host.kindOf('/srv/blog/wp-config.php', { signal }), 'link');
    machine.give('var/www', SOMEBODY);
    assert.equal(await machine.host().text('/var/www/one/wp-config.php', { signal }), undefined);
  });

  test('waits for no pipe, and enters no network file system', async () => {
    const { execFileSync } = await import('node:child_process');
    machine
      .folders('srv/blog', 'srv/nas/vmail')
      .mounts('22 1 8:1 / / rw - ext4 /dev/sda1 rw', '23 22 0:60 / /srv/nas rw - nfs4 nas:/export rw');
    execFileSync('mkfifo', [`${machine.root}/srv/blog/wp-config.php`]);
    const { policy } = await written();
    assert.deepEqual(partsOf(policy), {
      'system/etc': '/etc',
      'srv/blog': '/srv/blog',
      'srv/nas': '/srv/nas',
    });
  });

  test('tells what could not be looked into', async () => {
    const host = machine.host();
    const blind = { ...host, denied: () => ['/var/lib/mysql', '/var/vmail'] };
    const text = await initPolicy(blind, { ...names, language: 'en', signal });
    assert.match(text, /as root to see the rest: \/var\/lib\/mysql, \/var\/vmail/);
    sound(text);
  });

  test('ends when it is cancelled', async () => {
    const cancelled = initPolicy(machine.host(), { ...names, language: 'en', signal: AbortSignal.abort() });
    await assert.rejects(cancelled, { name: 'AbortError' });
  });
});
