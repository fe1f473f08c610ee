/** The part of the policy file that says what a component is, of every kind. */
import * as z from 'zod';
import { about, absolutePath, argv, durationWithin, fileName, glob, oneOf, secret } from './fields.ts';

const componentKinds = ['files', 'command', 'mysql', 'postgres', 'docker-volume'] as const;

const ways = ['docker', 'socket', 'host'] as const;

/** A database server, reached in one of three ways. */
const server = z.strictObject({
  docker: z
    .string()
    .min(1)
    .optional()
    .meta(
      about('The container that the server runs in.', 'サーバーが動くコンテナー。', ['mailserver-mysql']),
    ),
  socket: absolutePath
    .optional()
    .meta(
      about('The local socket of the server.', 'サーバーのローカルソケット。', ['/run/mysqld/mysqld.sock']),
    ),
  host: z
    .string()
    .min(1)
    .optional()
    .meta(about('The host that the server listens on.', 'サーバーが待ち受けるホスト。', ['127.0.0.1'])),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta(about('Its port.', 'ポート番号。', [5432], "the server's usual one / サーバーの標準のポート")),
  user: z
    .string()
    .min(1)
    .optional()
    .meta(
      about(
        'The database user.',
        'データベースのユーザー。',
        ['hikae'],
        'root (MySQL), postgres (PostgreSQL)',
      ),
    ),
  databases: z
    .union([z.literal('all'), z.array(z.string().min(1)).min(1)])
    .default('all')
    .meta(
      about(
        'The databases to dump, or `all` but those of the server itself.',
        'ダンプするデータベース。`all` はサーバー自身のものを除くすべてです。',
        [['usermgmt', 'roundcubemail']],
      ),
    ),
  password: secret.optional().meta(about('Its password, by reference.', 'パスワードの参照。')),
});

const postgres = oneOf(ways, server);

const mysql = oneOf(
  ways,
  server.extend({
    together: z
      .boolean()
      .default(false)
      .meta(
        about(
          'Take all databases of the component as they were at one instant, in one transaction. Nothing is locked. Where one fails, all do.',
          'コンポーネント内のすべてのデータベースを、1 つのトランザクションで同じ一時点のものとして取得します。ロックはかけません。1 つでも失敗すると全体の取得が失敗します。',
          [true],
          'false',
        ),
      ),
  }),
);

export const component = oneOf(
  componentKinds,
  z.strictObject({
    files: z
      .union([absolutePath, z.array(absolutePath).min(1)])
      .transform((value) =>
        typeof value === 'string'
          ? { layout: 'folder' as const, roots: [value] }
          : { layout: 'list' as const, roots: value },
      )
      .optional()
      .meta(
        about(
          "One absolute path: the content of that folder lies directly below the component. A list: files and folders by their absolute paths, which are kept below the component's name.",
          '絶対パス 1 つなら、そのフォルダーの中身をコンポーネントの直下に置きます。リストなら、各ファイルやフォルダーを絶対パスのままコンポーネントの下に置きます。',
          ['/srv/mailserver/data/mail/vmail', ['/srv/mailserver/.env', '/srv/mailserver/dovecot/users']],
        ),
      ),
    include: z
      .array(glob)
      .min(1)
      .optional()
      .meta(
        about(
          'Globs of what to take; everything when not said. One without a slash matches a name anywhere; one with a slash begins at the root of the component: the folder of `files: DIR`, or `/` for a list.',
          '対象にするものの glob。省略時はすべてです。スラッシュを含まないものは任意の階層の名前と、含むものはコンポーネントの起点（`files: DIR` ならそのフォルダー、リストなら `/`）からのパスと照合します。',
          [['**/*.conf']],
        ),
      ),
    exclude: z
      .array(glob)
      .min(1)
      .optional()
      .meta(
        about(
          'Globs of what to leave out, matched like `include`, over which they win.',
          '除外するものの glob。照合の方法は `include` と同じで、`include` より優先します。',
          [['**/cache/**']],
        ),
      ),
    oneFileSystem: z
      .boolean()
      .optional()
      .meta(
        about(
          'Do not enter other file systems that are mounted below. True is the safer default: a root such as `/` would otherwise take in network shares, other disks and the vault itself.',
          '配下にマウントされた別のファイルシステムに入りません。既定は安全側の true です。false にすると、`/` のような範囲ではネットワーク共有や別ディスク、保管先そのものまで含まれます。',
          [false],
          'true',
        ),
      ),
    command: z
      .strictObject({
        argv: argv.meta(
          about('Program and arguments; no shell.', 'プログラムと引数。シェルは介しません。', [
            ['ldapsearch', '-LLL', '-x'],
          ]),
        ),
        file: fileName.meta(
          about(
            'The file of the snapshot that its output becomes.',
            '出力を収めるスナップショット内のファイル名。',
            ['directory.ldif'],
          ),
        ),
      })
      .optional()
      .meta(
        about(
          'A command whose output is kept as a file. A non-zero exit fails the component.',
          '出力をファイルとして保存するコマンド。0 以外で終わるとそのコンポーネントは失敗です。',
        ),
      ),
    mysql: mysql.optional().meta(about('MySQL or MariaDB databases.', 'MySQL / MariaDB のデータベース。')),
    postgres: postgres.optional().meta(about('PostgreSQL databases.', 'PostgreSQL のデータベース。')),
    'docker-volume': z
      .strictObject({
        volume: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
          .meta(about('Its name.', 'ボリューム名。', ['myapp_data'])),
        pause: z
          .boolean()
          .default(false)
          .meta(
            about(
              'Pause the containers that use it while it is read.',
              '読み取りの間、使用中のコンテナーを一時停止します。',
            ),
          ),
        maxPause: durationWithin(1_000, 86_400_000, 'timeout-bounds')
          .default(600_000)
          .meta(
            about(
              'How long they may stand still at most (duration); then they go on, and the component has failed.',
              '一時停止の上限（期間）。超えるとコンテナーを再開し、そのコンポーネントは失敗になります。',
              ['2m'],
              '10m',
            ),
          ),
      })
      .optional()
      .meta(about('A Docker volume.', 'Docker のボリューム。')),
  }),
);
