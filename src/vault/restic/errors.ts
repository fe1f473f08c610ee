/** What can go wrong with a repository, beyond what can with every vault. */
import { defineErrors } from '../../base/errors.ts';

export const repositoryErrors = defineErrors({
  VAULT_WRONG_PASSWORD: {
    exit: 12,
    message: {
      en: 'the password opens none of the keys of the repository {path}',
      ja: 'このパスワードでは、リポジトリー {path} のどの鍵も開けません',
    },
    hint: {
      en: 'Check where the password comes from, and that it belongs to this repository. `hikae key list --vault {path} --password-file FILE` with another one shows its keys; the page of the recovery kit has one too.',
      ja: 'パスワードの参照元が正しいか、このリポジトリーのものかを確かめてください。別のパスワードがあれば `hikae key list --vault {path} --password-file FILE` で鍵の一覧が見られます。復旧キットの紙にもパスワードがあります。',
    },
  },
  VAULT_KEY_UNKNOWN: {
    exit: 2,
    message: {
      en: 'the repository {path} has no key {key}',
      ja: 'リポジトリー {path} に鍵 {key} はありません',
    },
    hint: {
      en: '`hikae key list --vault {path}` shows its keys; the first digits of an id are enough.',
      ja: '`hikae key list --vault {path}` で鍵を一覧できます。ID は先頭の数桁で構いません。',
    },
  },
  VAULT_KEY_AMBIGUOUS: {
    exit: 2,
    message: {
      en: '{key} stands for several keys of the repository {path}: {keys}',
      ja: 'リポジトリー {path} には {key} に当たる鍵が複数あります: {keys}',
    },
    hint: { en: 'Give more digits of the id.', ja: 'ID の桁を増やしてください。' },
  },
  VAULT_KEY_IN_USE: {
    exit: 2,
    message: {
      en: 'the key {key} is the one that the repository {path} was opened with',
      ja: '鍵 {key} は、リポジトリー {path} を開くのに今使っている鍵です',
    },
    hint: {
      en: 'Change its password with `hikae key passwd`, or open the repository with the password of another key (--password-file) to remove this one.',
      ja: '`hikae key passwd` でパスワードを変えるか、別の鍵のパスワードで開いて(--password-file)から削除してください。',
    },
  },
  VAULT_KEY_LAST: {
    exit: 2,
    message: {
      en: 'the key {key} is the last that opens the repository {path}',
      ja: '鍵 {key} は、リポジトリー {path} を開ける最後の鍵です',
    },
    hint: {
      en: 'Without it nobody could ever read the repository again. Add another password first: `hikae key add`.',
      ja: '削除すると、このリポジトリーは二度と誰にも読めなくなります。先に `hikae key add` で別のパスワードを追加してください。',
    },
  },
  VAULT_KEY_NOT_PROVEN: {
    message: {
      en: 'the new key {key} of the repository {path} does not open it: {reason}',
      ja: 'リポジトリー {path} の新しい鍵 {key} では開けません: {reason}',
    },
    hint: {
      en: 'Nothing else was changed, and the passwords from before open it as ever. Look at the storage, then run the command again.',
      ja: 'ほかは何も変更していません。これまでのパスワードはそのまま使えます。ストレージを確かめてから、もう一度実行してください。',
    },
  },
  VAULT_NO_KEY: {
    exit: 10,
    message: {
      en: 'the repository {path} has no key that can be used: {reason}',
      ja: 'リポジトリー {path} に使える鍵がありません: {reason}',
    },
    hint: {
      en: 'Without a file in its folder `keys` nobody can read it. Put these files back from a copy of the repository.',
      ja: 'フォルダー `keys` のファイルがないと誰も読めません。リポジトリーの写しから戻してください。',
    },
  },
  VAULT_OBJECT_DAMAGED: {
    exit: 10,
    message: {
      en: 'the object {object} of the repository {path} is damaged: {reason}',
      ja: 'リポジトリー {path} のオブジェクト {object} が壊れています: {reason}',
    },
    hint: {
      en: 'Run `hikae verify --level full` to learn what is affected, and `hikae repair` (--from another vault) to mend it; take the rest from another date or another vault. If somebody has overwritten it in a bucket that keeps versions, `--as-of` with a time before that reads what was there.',
      ja: '`hikae verify --level full` で影響の範囲を確かめ、`hikae repair`（--from で別の保管先）で修復してください。直らないものは別の日付か別の保管先から取り出せます。バージョンを保持するバケットで上書きされた場合は、それより前の時刻を `--as-of` に指定すれば読めます。',
    },
  },
  VAULT_REPOSITORY_LOCKED: {
    exit: 11,
    transient: true,
    message: {
      en: 'the repository {path} is locked by process {pid} on {host} since {since}',
      ja: 'リポジトリー {path} は、{since} から {host} のプロセス {pid} がロックしています',
    },
    hint: {
      en: 'Wait for it to end. If that process is gone, remove its lock with `hikae unlock --vault {path}`.',
      ja: '終わるまで待ってください。そのプロセスがもう存在しない場合は `hikae unlock --vault {path}` でロックを外せます。',
    },
  },
  VAULT_REPOSITORY_NO_ROOM: {
    message: {
      en: 'the repository {path} has {free} free; this snapshot may need up to {needed}',
      ja: 'リポジトリー {path} の空きは {free} です。このスナップショットには最大 {needed} が必要です',
    },
    hint: {
      en: 'Nothing was written. Free space there, keep fewer snapshots, or give the vault a larger place.',
      ja: '何も書き込んでいません。空きを増やすか、保持する世代を減らすか、大きな場所に移してください。',
    },
  },
  VAULT_FORMAT_OLD: {
    exit: 10,
    message: {
      en: 'the repository {path} has version 1 of the format, which hikae reads and does not write',
      ja: 'リポジトリー {path} は形式バージョン 1 です。hikae は読み取れますが、書き込みません',
    },
    hint: {
      en: 'Bring it to version 2 with `restic -r {path} migrate upgrade_repo_v2`, then run the command again.',
      ja: '`restic -r {path} migrate upgrade_repo_v2` でバージョン 2 に上げてから、もう一度実行してください。',
    },
  },
  VAULT_PRUNE_UNSAFE: {
    message: {
      en: 'nothing was removed from the repository {path}, because {object} can not be relied on: {reason}',
      ja: 'リポジトリー {path} からは何も削除していません。{object} が信頼できないためです: {reason}',
    },
    hint: {
      en: 'What snapshots need can not be known for certain. Run `hikae repair`, then `hikae verify`; a snapshot that stays damaged has to go before data can be removed.',
      ja: 'スナップショットに必要なデータを確定できません。`hikae repair`、続けて `hikae verify` を実行してください。直らないスナップショットは、削除してからでないとデータを整理できません。',
    },
  },
  VAULT_LOCK_LOST: {
    transient: true,
    message: {
      en: 'the lock on the repository {path} could not be kept: {reason}',
      ja: 'リポジトリー {path} のロックを維持できませんでした: {reason}',
    },
    hint: {
      en: 'The run has ended so that nobody removes what it was writing. Earlier snapshots are whole; run it again.',
      ja: '書き込み中のデータを他の処理に消されないよう、実行を中止しました。以前のスナップショットは無事です。もう一度実行してください。',
    },
  },
});
