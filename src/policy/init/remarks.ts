/** The comments of a policy that `init` writes: why something is there, and what is left to fill in. */
import type { Bilingual } from '../../base/language.ts';

export const remarks = {
  head: {
    en: 'Policy of hikae, written from what was found on this machine. Read it, change it, then run\n`hikae policy check` and `hikae policy explain`. All keys: docs/reference/policy.md',
    ja: 'hikae のポリシーです。このマシンで見つかったものから作成しました。内容を確認して必要に応じて直し、\n`hikae policy check` と `hikae policy explain` を実行してください。全キーの説明: docs/reference/policy.md',
  },
  denied: {
    en: 'Not everything could be looked into. Run `hikae policy init` as root to see the rest: {paths}',
    ja: '次の場所は調べられませんでした。root で `hikae policy init` を実行すると調べられます: {paths}',
  },
  dockerSilent: {
    en: 'Docker is installed but did not answer: its containers and volumes are not in this policy.\nStart it and run `hikae policy init` again, or add them by hand.',
    ja: 'Docker はありますが応答しませんでした。コンテナーとボリュームはこのポリシーに入っていません。\n起動して `hikae policy init` をやり直すか、手で加えてください。',
  },
  state: { en: 'record of runs and caches', ja: '実行記録とキャッシュ' },
  targets: { en: 'what is protected', ja: '守る対象' },
  mail: {
    en: 'mail: messages, keys, settings and databases, taken and restored together',
    ja: 'メール: メッセージ、鍵、設定、データベースをまとめて取得し、まとめて復元します',
  },
  mailHooks: {
    en: 'these stand still while mail is restored in place, as they would write to it',
    ja: '元の場所へ復元する間は、メールに書き込むこれらのサービスを止めます',
  },
  dkim: {
    en: 'private keys that outgoing mail is signed with',
    ja: '送信メールに署名する DKIM 秘密鍵',
  },
  mailConfig: {
    en: 'settings and files of users; a few of them are in /etc too and cost next to nothing twice',
    ja: '設定とユーザーのファイル。/etc と重なるものもありますが、容量はほとんど増えません',
  },
  web: { en: 'web sites', ja: 'ウェブサイト' },
  site: {
    en: 'web sites with what belongs to them, taken and restored together',
    ja: 'ウェブサイトと、それに属するものをまとめて取得し、まとめて復元します',
  },
  wordpress: {
    en: 'WordPress, which keeps its pages in a database: the files alone are not enough. Its cache is left out',
    ja: 'WordPress です。記事はデータベースにあるため、ファイルだけでは足りません。キャッシュは除外しています',
  },
  wordpressDatabase: {
    en: 'the database that wp-config.php names',
    ja: 'wp-config.php が指定するデータベース',
  },
  wordpressUnknown: {
    en: 'FILL IN: which database {folder} uses is not written in its wp-config.php, and it was not found elsewhere:',
    ja: '要記入: {folder} のデータベースは wp-config.php に書かれておらず、他でも見つかりませんでした:',
  },
  mailDatabase: {
    en: 'databases that Dovecot, Postfix or Roundcube look into',
    ja: 'Dovecot、Postfix、Roundcube が参照するデータベース',
  },
  later: {
    en: 'A database that is made later has to be added here; `hikae policy explain` names those that are missing.',
    ja: '後から作るデータベースはここに加えてください。足りないものは `hikae policy explain` が示します。',
  },
  remoteDatabase: {
    en: 'FILL IN: {database} is on another server ({host}). Put its password into the file below (chmod 600), then\ntake away the # before the line:',
    ja: '要記入: {database} は別のサーバー（{host}）にあります。下のファイルにパスワードを書き（chmod 600）、\n行頭の # を外してください:',
  },
  app: {
    en: 'a service of Docker with what belongs to it, taken and restored together',
    ja: 'Docker のサービスと、それに属するものをまとめて取得し、まとめて復元します',
  },
  folder: {
    en: 'the rest of its folder; a .env in it holds passwords: guard the vault as well as this machine',
    ja: 'フォルダーのその他のもの。.env にはパスワードが含まれるため、保管先もこのマシンと同様に守ってください',
  },
  databaseFiles: {
    en: 'left out: files of a running database server, which is dumped instead',
    ja: '稼働中のデータベースのファイルは除外しています。代わりにダンプを取ります',
  },
  strayDatabaseFiles: {
    en: 'left out: files of a database server that was not found running; a copy of them is only sound while it is stopped',
    ja: 'データベースのファイルは除外しています。サーバーの稼働は確認できませんでした。コピーが正しく使えるのは停止中に取ったものだけです',
  },
  containerDatabase: {
    en: 'the databases in the container {container}',
    ja: 'コンテナー {container} のデータベース',
  },
  containerPassword: {
    en: 'the password stays where the container has it and is asked for at each run; if it was changed since the\ncontainer was made, put it into a file (chmod 600): password: { file: /etc/hikae/{container}.pw }',
    ja: 'パスワードはここに写さず、実行のたびにコンテナーの環境から読みます。コンテナーの作成後に変更した場合は、\nファイルに書いてください（chmod 600）: password: { file: /etc/hikae/{container}.pw }',
  },
  containerNoPassword: {
    en: 'if root needs a password there: password: { file: /etc/hikae/{container}.pw }',
    ja: 'root にパスワードが必要な場合: password: { file: /etc/hikae/{container}.pw }',
  },
  containerStopped: {
    en: 'FILL IN: the container {container} holds databases and is not running, so nothing can be dumped. If it is in use,\nstart it and take away the # before the line:',
    ja: '要記入: コンテナー {container} にはデータベースがありますが、停止中のためダンプできません。使っている場合は\n起動して行頭の # を外してください:',
  },
  volume: {
    en: 'a volume of Docker; add `pause: true` if what is in it must not change while it is read',
    ja: 'Docker のボリューム。読み取り中に変わってはならない場合は `pause: true` を加えてください',
  },
  unfitVolume: {
    en: 'not here: the volume {volume}, which is not of the driver `local` without options. Add the place that it leads to',
    ja: 'ボリューム {volume} は、オプションなしの `local` ドライバーではないため含めていません。実際の保存場所を加えてください',
  },
  anonymousVolume: {
    en: 'not here: {count} volumes without a name. If something in them matters, give them names in the compose file',
    ja: '名前のないボリューム {count} 個は含めていません。必要なものがあれば compose ファイルで名前を付けてください',
  },
  volumes: {
    en: 'volumes of Docker that no container uses now',
    ja: '現在どのコンテナーも使っていない Docker ボリューム',
  },
  mounted: { en: 'a folder that a container works in', ja: 'コンテナーが使うフォルダー' },
  srv: {
    en: 'other folders of /srv; what is named above is left out here',
    ja: '/srv のその他のフォルダー。上に挙げたものは除外しています',
  },
  homeMail: {
    en: 'mail that lies in the home folders of its users',
    ja: '各ユーザーのホームフォルダーにあるメール',
  },
  home: {
    en: 'home folders; what is named above is left out here',
    ja: 'ホームフォルダー。上に挙げたものは除外しています',
  },
  databases: { en: 'databases of this machine', ja: 'このマシンのデータベース' },
  allDatabases: {
    en: 'all databases, those above once more: what is made later is in it too',
    ja: 'すべてのデータベース（上に挙げたものも含みます）。後から作られたものも対象になります',
  },
  mysqlLogin: {
    en: 'root comes in by the socket without a password, as Debian sets it up. Where it needs one (chmod 600):\npassword: { file: /etc/hikae/mysql.pw }',
    ja: 'Debian の標準設定では、root はパスワードなしでソケットから接続できます。必要な場合（chmod 600）:\npassword: { file: /etc/hikae/mysql.pw }',
  },
  postgresLogin: {
    en: "the server's own user comes in by the socket without a password, as Debian sets it up",
    ja: 'Debian の標準設定では、サーバー自身のユーザーがパスワードなしでソケットから接続できます',
  },
  databaseStopped: {
    en: 'FILL IN: a {name} server is installed and does not run, so nothing can be dumped. If it is in use, start it and\ntake away the # before the line:',
    ja: '要記入: {name} サーバーがありますが、停止中のためダンプできません。使っている場合は起動して\n行頭の # を外してください:',
  },
  vaults: { en: 'where snapshots are kept', ja: 'スナップショットの保管先' },
  disk: {
    en: 'a disk of its own; nothing is written while it is not mounted',
    ja: '専用のディスクです。マウントされていない間は書き込みません',
  },
  sameDisk: {
    en: 'This is the same disk as the data: it helps against mistakes, not against the loss of the disk.\nNo other disk was found. Mount one, put its path here, and add `mounted: /its/mount/point`.',
    ja: 'データと同じディスクです。誤操作には有効ですが、ディスクの故障には役立ちません。\n別のディスクが見つかりませんでした。マウントしてそのパスに変え、`mounted: /マウントポイント` を加えてください。',
  },
  keep: {
    en: 'days and ISO weeks that have a complete snapshot',
    ja: '完全なスナップショットがある日数と ISO 週数',
  },
  schedules: {
    en: 'when; times are those of `timezone`',
    ja: 'いつ実行するか。時刻は `timezone` のものです',
  },
} as const satisfies Record<string, Bilingual>;
