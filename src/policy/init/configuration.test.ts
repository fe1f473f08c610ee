/** What the configuration of mail servers and of WordPress says, in the ways in which people write it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dovecotSettings } from './dovecot.ts';
import { lookupDatabase, roundcubeDatabase } from './mail-databases.ts';
import { postfixSettings } from './postfix.ts';
import { addressOf, wordpressDatabase } from './wordpress.ts';

describe('Dovecot', () => {
  const places: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['mail_location = maildir:/var/vmail/%d/%n', ['/var/vmail'], []],
    ['mail_location = maildir:/var/vmail/%Ld/%Ln/Maildir:INDEX=/var/index/%u', ['/var/vmail'], []],
    ['mail_location = maildir:/srv/mail/all', ['/srv/mail/all'], []],
    ['mail_location = maildir:~/Maildir', [], ['Maildir']],
    ['mail_location = mbox:~/mail:INBOX=/var/mail/%u', ['/var/mail'], ['mail']],
    ['mail_location = maildir:~/Maildir\nmail_home = /var/vmail/%d/%n', ['/var/vmail'], []],
    [
      'mail_location = maildir:~/Maildir\nuserdb {\n  args = uid=vmail gid=vmail home=/srv/vmail/%d/%n\n}',
      ['/srv/vmail'],
      [],
    ],
    ['namespace inbox {\n  location = mdbox:/var/archive/%u\n  mailbox Sent {\n  }\n}', ['/var/archive'], []],
    // version 2.4
    ['mail_driver = maildir\nmail_path = /var/vmail/%{user | domain}/%{user | username}', ['/var/vmail'], []],
    ['mail_driver = maildir\nmail_path = ~/Maildir', [], ['Maildir']],
    ['mail_location = ', [], []],
  ];
  for (const [text, folders, inHomes] of places) {
    test(JSON.stringify(text), () => {
      const found = dovecotSettings(text);
      assert.deepEqual([found.folders, found.inHomes], [folders, inHomes]);
    });
  }

  test('names files with users, and those that lead to databases', () => {
    const found = dovecotSettings(
      [
        'passdb {\n  args = scheme=CRYPT username_format=%u /etc/dovecot/users\n  driver = passwd-file\n}',
        'passdb {\n  args = /etc/dovecot/dovecot-sql.conf.ext\n  driver = sql\n}',
        'passdb passwd-file {\n  passwd_file_path = /srv/auth/%d/passwd\n}',
        'userdb passwd-file {\n  passwd_file_path = "/srv/auth/passwd"\n}',
      ].join('\n'),
    );
    assert.deepEqual(found.userFiles, ['/srv/auth/passwd', '/etc/dovecot/users']);
    assert.deepEqual(found.sqlFiles, ['/etc/dovecot/dovecot-sql.conf.ext']);
  });
});

describe('Postfix', () => {
  test('parameters may go on in the next line, and name others', () => {
    const { folders, inHomes, sqlFiles } = postfixSettings(
      [
        '# virtual_mailbox_base = /wrong',
        'base = /srv/mail',
        'virtual_mailbox_base =',
        '# a remark in between',
        '    $(base)/vhosts',
        'mail_spool_directory = /var/spool/mail/',
        'alias_maps = hash:/etc/aliases',
        'virtual_alias_maps = proxy:mysql:/etc/postfix/aliases.cf, pgsql:$config_directory/x.cf',
        'virtual_mailbox_maps = mysql:/etc/postfix/boxes.cf',
      ].join('\n'),
    );
    assert.deepEqual(folders, ['/srv/mail/vhosts', '/var/spool/mail']);
    assert.deepEqual(inHomes, []);
    assert.deepEqual(sqlFiles, ['/etc/postfix/aliases.cf', '/etc/postfix/boxes.cf']);
  });

  test('a home mailbox takes the place of the spool', () => {
    const { folders, inHomes } = postfixSettings('home_mailbox = Maildir/\n');
    assert.deepEqual([folders, inHomes], [[], ['Maildir']]);
  });

  test('parameters that name each other end', () => {
    assert.deepEqual(postfixSettings('a = $b\nb = $a\nvirtual_mailbox_base = /srv/$a\n').folders, [
      '/srv',
      '/var/mail',
    ]);
  });
});

describe('WordPress', () => {
  test('is read as PHP reads it', () => {
    const text = [
      '<?php',
      "/* define('DB_NAME', 'commented'); */",
      "define( 'DB_NAME', 'it\\'s // no # comment' ); # define('DB_USER', 'no');",
      'define("DB_USER", "wp");',
      "define('DB_HOST','localhost:/var/run/mysqld/mysqld.sock');",
    ].join('\n');
    assert.deepEqual(wordpressDatabase(text), {
      kind: 'mysql',
      database: "it's // no # comment",
      user: 'wp',
      at: { via: 'local', socket: '/var/run/mysqld/mysqld.sock' },
    });
  });

  test('tells nothing where the name comes from elsewhere', () => {
    assert.equal(
      wordpressDatabase("define('DB_NAME', getenv_docker('WORDPRESS_DB_NAME', 'wordpress'));"),
      undefined,
    );
    assert.equal(wordpressDatabase("define( 'DB_NAME', 'database_name_here' );"), undefined);
    assert.equal(wordpressDatabase(''), undefined);
  });

  for (const [text, at] of [
    ['localhost', { via: 'local', socket: undefined }],
    ['localhost:3307', { via: 'local', socket: undefined }],
    ['127.0.0.1', { via: 'tcp', host: '127.0.0.1', port: undefined }],
    ['db.example.org:3307', { via: 'tcp', host: 'db.example.org', port: 3307 }],
    ['[2001:db8::1]:3306', { via: 'tcp', host: '2001:db8::1', port: 3306 }],
  ] as const) {
    test(`DB_HOST ${text}`, () => assert.deepEqual(addressOf(text), at));
  }
});

describe('what a mail server looks into', () => {
  const socket = { via: 'local', socket: '/run/mysqld/mysqld.sock' };
  const away = { via: 'tcp', host: 'db', port: 5433 };
  for (const [text, kind, expected] of [
    [
      '# dbname = no\ndriver = mysql\nconnect = host=/run/mysqld/mysqld.sock dbname=users user=mail password=x\n',
      undefined,
      { kind: 'mysql', database: 'users', user: 'mail', at: socket },
    ],
    [
      'hosts = inet:db:5433 other\nuser = mail\npassword = x\ndbname = aliases\n',
      'postgres',
      { kind: 'postgres', database: 'aliases', user: 'mail', at: away },
    ],
    [
      'hosts = unix:/run/mysqld/mysqld.sock\ndbname = a',
      undefined,
      { kind: 'mysql', database: 'a', user: undefined, at: socket },
    ],
    ['query = SELECT 1', undefined, undefined],
  ] as const) {
    test(JSON.stringify(text), () => assert.deepEqual(lookupDatabase(text, kind), expected));
  }

  test('Roundcube says it as a URL, or leaves it to Debian', () => {
    const config = "<?php\n$config['db_dsnw'] = 'pgsql://rc:p@ss@db:5433/roundcubemail';\n";
    assert.deepEqual(roundcubeDatabase(config), {
      kind: 'postgres',
      database: 'roundcubemail',
      user: 'rc',
      at: away,
    });
    const debian =
      "$dbuser='rc';\n$dbpass='x';\n$dbname='roundcube';\n$dbserver='';\n$dbport='';\n$dbtype='mysql';\n";
    assert.deepEqual(roundcubeDatabase(debian)?.at, { via: 'local', socket: undefined });
    assert.equal(roundcubeDatabase("$dbname='x';\n$dbtype='sqlite3';\n"), undefined);
  });
});
