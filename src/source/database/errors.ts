/** What capturing from a database server and restoring into one can end with. */
import { defineErrors } from '../../base/errors.ts';

export const databaseErrors = defineErrors({
  DATABASE_UNREACHABLE: {
    transient: true,
    message: {
      en: '{server} could not be reached: {reason}',
      ja: '{server} に接続できませんでした: {reason}',
    },
    hint: {
      en: 'Check that the server runs and that its address in the policy is right.',
      ja: 'サーバーが動いているか、ポリシーのアドレスが正しいかを確かめてください。',
    },
  },
  DATABASE_LOGIN_REFUSED: {
    message: {
      en: '{server} refused the login of {user}: {reason}',
      ja: '{server} が {user} のログインを拒否しました: {reason}',
    },
    hint: {
      en: "Check user and password in the policy, and the server's own rules for who may log in from here.",
      ja: 'ポリシーの user と password、およびサーバー側の接続許可の設定を確かめてください。',
    },
  },
  DATABASE_FORBIDDEN: {
    message: {
      en: '{user} may not do this on {server}: {reason}',
      ja: '{server} で {user} に権限がありません: {reason}',
    },
    hint: {
      en: 'Give the user that right, or name one in the policy who has it.',
      ja: 'そのユーザーに権限を与えるか、権限のあるユーザーをポリシーに書いてください。',
    },
  },
  DATABASE_MISSING: {
    message: {
      en: 'there is no database {database} on {server}',
      ja: '{server} にデータベース {database} がありません',
    },
    hint: {
      en: 'Check its name in the policy. If a restore was interrupted, run that restore again.',
      ja: 'ポリシーのデータベース名を確かめてください。復元が中断されていた場合は、その復元をもう一度実行してください。',
    },
  },
  DATABASE_NONE: {
    message: {
      en: '{server} has no databases but its own',
      ja: '{server} には、サーバー自身のもの以外のデータベースがありません',
    },
    hint: {
      en: 'Check that this is the right server, and that the user may see its databases.',
      ja: '正しいサーバーか、またユーザーがデータベースを参照できるかを確かめてください。',
    },
  },
  DATABASE_NAME_TOO_LONG: {
    message: {
      en: 'the database {database} has a name that is too long for a file',
      ja: 'データベース {database} の名前はファイル名には長すぎます',
    },
    hint: {
      en: 'Rename it, or name the other databases in the policy instead of "all".',
      ja: '名前を短くするか、ポリシーで "all" の代わりに他のデータベースを列挙してください。',
    },
  },
  DATABASE_CLIENT_MISSING: {
    message: {
      en: 'the program {program}, which {server} needs, is missing: {reason}',
      ja: '{server} に必要なプログラム {program} がありません: {reason}',
    },
    hint: {
      en: "Install the server's client programs where hikae runs; for a server in a container they belong into that container.",
      ja: 'hikae が動くマシンにクライアントプログラムをインストールしてください。コンテナー内のサーバーなら、そのコンテナーの中に必要です。',
    },
  },
  DATABASE_CLIENT_OLD: {
    message: {
      en: '{program} {version} is older than {server}, which is {serverVersion}',
      ja: '{program} {version} は {server}（{serverVersion}）より古いバージョンです',
    },
    hint: {
      en: 'Install client programs of at least the version of the server; older ones make incomplete dumps.',
      ja: 'サーバーと同じかそれより新しいクライアントをインストールしてください。古いものではダンプが不完全になります。',
    },
  },
  DATABASE_CLIENT_OTHER: {
    message: {
      en: '{program} is a client of {clientProduct}, and {server} is one of {serverProduct}: the dump might not load again',
      ja: '{program} は {clientProduct} のクライアントですが、{server} は {serverProduct} です。ダンプを読み込めないおそれがあります',
    },
    hint: {
      en: 'Install the client programs of {serverProduct}; for a server in a container write its name (docker: NAME), so that those inside are used.',
      ja: '{serverProduct} のクライアントをインストールしてください。コンテナー内のサーバーなら、コンテナー名（docker: NAME）を書けば中のものを使います。',
    },
  },
  DATABASE_CONTAINER_GONE: {
    transient: true,
    message: {
      en: 'the container of {server} does not run: {reason}',
      ja: '{server} のコンテナーが動いていません: {reason}',
    },
    hint: {
      en: 'Start the container, or correct its name in the policy.',
      ja: 'コンテナーを起動するか、ポリシーのコンテナー名を直してください。',
    },
  },
  DATABASE_CHANGED: {
    transient: true,
    message: {
      en: '{database} on {server} was altered while it was dumped: {reason}',
      ja: '{server} の {database} はダンプ中に定義が変更されました: {reason}',
    },
    hint: {
      en: 'Back up at a time when no tables are created, altered or removed.',
      ja: 'テーブルの作成・変更・削除が行われない時間帯にバックアップしてください。',
    },
  },
  DATABASE_DUMP_FAILED: {
    transient: true,
    message: {
      en: 'the dump of {database} on {server} failed: {reason}',
      ja: '{server} の {database} のダンプに失敗しました: {reason}',
    },
    hint: {
      en: "Look into the server's log for what happened at that time.",
      ja: 'その時刻のサーバーのログで原因を確かめてください。',
    },
  },
  DATABASE_DUMP_CUT: {
    transient: true,
    message: {
      en: 'the dump of {database} on {server} lacks its end, although {program} reported success',
      ja: '{program} は成功を報告しましたが、{server} の {database} のダンプが途中で切れています',
    },
    hint: {
      en: 'Check that the client program is the original one, and free space and memory on its machine.',
      ja: 'クライアントプログラムが正規のものか、空き容量とメモリーが足りているかを確かめてください。',
    },
  },
  DATABASE_QUERY_FAILED: {
    message: {
      en: '{server} could not answer: {reason}',
      ja: '{server} から応答を得られませんでした: {reason}',
    },
    hint: {
      en: "Look into the server's log for what happened at that time.",
      ja: 'その時刻のサーバーのログで原因を確かめてください。',
    },
  },
  DATABASE_DUMP_DAMAGED: {
    message: {
      en: 'the stored dump of {database} is damaged, so it was not restored: {reason}',
      ja: '保存されている {database} のダンプが壊れているため、復元しませんでした: {reason}',
    },
    hint: {
      en: 'Restore this database from another vault (--vault) or another day (--date).',
      ja: '別の保管先（--vault）または別の日付（--date）からこのデータベースを復元してください。',
    },
  },
  DATABASE_FACTS_MISSING: {
    message: {
      en: 'the snapshot does not say what its dumps in {component} hold',
      ja: 'スナップショットに、{component} のダンプの内容を示す記録がありません',
    },
    hint: {
      en: 'Restore the dumps as files with --to DIR, and load them by hand.',
      ja: '--to DIR でダンプをファイルとして復元し、手動で読み込んでください。',
    },
  },
  DATABASE_LOAD_FAILED: {
    message: {
      en: 'the dump of {database} could not be loaded into {server}: {reason}; the database is as it was',
      ja: '{database} のダンプを {server} に読み込めませんでした（{reason}）。データベースは元のままです',
    },
    hint: {
      en: 'Remove the cause, such as a missing extension or a full disk, and run the restore again.',
      ja: '拡張の不足やディスクの空き不足などの原因を取り除き、もう一度復元してください。',
    },
  },
  DATABASE_COUNTS_DIFFER: {
    message: {
      en: '{database} has other contents after loading than when it was dumped: {differences}; the database is as it was',
      ja: '{database} を読み込んだ結果がダンプ時の内容と一致しません（{differences}）。データベースは元のままです',
    },
    hint: {
      en: 'Restore the dump as a file with --to DIR and look at it; please report this with both versions of the server.',
      ja: '--to DIR でダンプをファイルとして復元して調べ、サーバーの両方のバージョンを添えて報告してください。',
    },
  },
  DATABASE_EXTRA_TABLES: {
    message: {
      en: 'tables of {database} that are not in the snapshot could not be taken along ({tables}): {reason}; the database is as it was',
      ja: 'スナップショットにない {database} のテーブル（{tables}）を引き継げませんでした（{reason}）。データベースは元のままです',
    },
    hint: {
      en: 'Move these tables elsewhere first, or give --delete to restore the database without them; the old one can be kept with --keep-old.',
      ja: '先にそれらのテーブルを退避するか、--delete でそれらを除いて復元してください。--keep-old で古いデータベースを残せます。',
    },
  },
  DATABASE_BUSY: {
    transient: true,
    message: {
      en: '{database} on {server} could not be replaced, because it stayed in use: {reason}; the database is as it was',
      ja: '{server} の {database} は使用中のままだったため置き換えられませんでした（{reason}）。データベースは元のままです',
    },
    hint: {
      en: 'Stop what uses the database, and run the restore again; hooks of the policy (restore.before) can do that.',
      ja: 'データベースを使うサービスを止めてから、もう一度復元してください。ポリシーの restore.before で自動化できます。',
    },
  },
  DATABASE_RESTORE_INCOMPLETE: {
    message: {
      en: 'not restored on {server}: {databases}; the first failed with: {reason}',
      ja: '{server} で復元できなかったもの: {databases}（最初の原因: {reason}）',
    },
    hint: {
      en: 'What is named is as it was before; the rest has been restored. Each has its own cause above.',
      ja: '挙げたものは復元前のままで、それ以外は復元済みです。個々の原因は上に示しています。',
    },
  },
});
