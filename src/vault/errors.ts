/** What can go wrong with a vault as a whole. */
import { defineErrors } from '../base/errors.ts';

export const vaultErrors = defineErrors({
  VAULT_NOT_FOUND: {
    exit: 10,
    message: { en: 'there is no vault at {path}', ja: '{path} に保管先がありません' },
    hint: {
      en: 'Check the path, and that its disk is mounted. A vault of the policy over SFTP or on S3 is made by `hikae vault create` with its name. If somebody has deleted it in a bucket that keeps versions, `--as-of` with a time before that still reads it.',
      ja: 'パスが正しいか、ディスクがマウントされているかを確かめてください。ポリシーにある SFTP や S3 の保管先は、その名前で `hikae vault create` を実行すると作成されます。バージョンを保持するバケットで削除された場合は、それより前の時刻を `--as-of` に指定すれば読めます。',
    },
  },
  VAULT_OUT_OF_REACH: {
    exit: 10,
    message: {
      en: 'the vault {path} can not be reached: {reason}',
      ja: '保管先 {path} に届きません: {reason}',
    },
    hint: {
      en: 'Check that you may read it (mostly as root), and that its disk is mounted, writable and in order (`dmesg`).',
      ja: '読み取る権限があるか(通常は root)、ディスクがマウントされ、書き込め、正常か(`dmesg`)を確かめてください。',
    },
  },
  VAULT_GONE: {
    exit: 10,
    message: {
      en: 'the vault at {path} was there before and is now empty',
      ja: '以前は {path} にあった保管先が、今は空です',
    },
    hint: {
      en: 'Is the disk mounted? hikae never starts a known vault anew by itself. If it is really lost, run `hikae vault create` with its name.',
      ja: 'ディスクはマウントされていますか。hikae が既知の保管先を勝手に作り直すことはありません。本当に失われた場合は、その名前で `hikae vault create` を実行してください。',
    },
  },
  VAULT_NOT_MOUNTED: {
    exit: 10,
    message: {
      en: 'nothing is mounted at {mount}, where the vault {path} should lie',
      ja: '保管先 {path} があるはずの {mount} には何もマウントされていません',
    },
    hint: {
      en: 'Mount the disk (`mount {mount}`) and run the command again.',
      ja: 'ディスクをマウントし(`mount {mount}`)、もう一度実行してください。',
    },
  },
  VAULT_FOREIGN: {
    exit: 10,
    message: {
      en: 'the folder {path} is not empty and is no vault of hikae',
      ja: 'フォルダー {path} は空ではなく、hikae の保管先でもありません',
    },
    hint: {
      en: 'Give the vault a folder of its own in the policy, for example {path}/hikae.',
      ja: 'ポリシーで専用のフォルダー(例: {path}/hikae)を指定してください。',
    },
  },
  VAULT_DAMAGED: {
    exit: 10,
    message: {
      en: 'the file {path} of the vault is damaged: {reason}',
      ja: '保管先のファイル {path} が壊れています: {reason}',
    },
    hint: {
      en: 'Its snapshots are not touched by this: restore by hand from the dated folders, or put the file back from a copy.',
      ja: 'スナップショットは無事です。日付のフォルダーから手で復元するか、このファイルを写しから戻してください。',
    },
  },
  VAULT_NEWER: {
    exit: 10,
    message: {
      en: '{path} was written in format version {version}, which this hikae does not know',
      ja: '{path} は、この hikae が知らない形式(バージョン {version})で書かれています',
    },
    hint: {
      en: 'Use the hikae that wrote it, or a newer one.',
      ja: 'それを書いた hikae か、より新しいものを使ってください。',
    },
  },
  VAULT_OPEN_TO_OTHERS: {
    exit: 10,
    message: {
      en: 'the vault {path} can be entered by others than {user} (owner {owner}, mode {mode})',
      ja: '保管先 {path} に {user} 以外も入れます(所有者 {owner}、モード {mode})',
    },
    hint: {
      en: 'It holds copies with their setuid bits and secrets. Run: chown {user} {path} && chmod 700 {path}',
      ja: 'setuid のファイルや機密の写しが入っています。chown {user} {path} && chmod 700 {path} を実行してください。',
    },
  },
  VAULT_FILE_SYSTEM: {
    exit: 10,
    message: {
      en: 'the file system of {path} has no {lacks}, which dated copies need',
      ja: '{path} のファイルシステムには、日付ごとの写しに必要な機能({lacks})がありません',
    },
    hint: {
      en: 'Use a Linux file system such as ext4, XFS or btrfs for this vault (exFAT, NTFS and FAT can not hold it).',
      ja: 'この保管先には ext4、XFS、btrfs など Linux のファイルシステムを使ってください(exFAT、NTFS、FAT には置けません)。',
    },
  },
  VAULT_LOCKED: {
    exit: 11,
    transient: true,
    message: {
      en: 'another run is writing to the vault {path}',
      ja: '別の実行が保管先 {path} に書き込み中です',
    },
    hint: {
      en: 'Wait for it to end: `hikae log` shows what runs, and --lock-wait says how long a command waits. A process that has ended holds no lock.',
      ja: '終わるまで待ってください。実行中のものは `hikae log` で分かり、待つ時間は --lock-wait で指定できます。終了したプロセスのロックは残りません。',
    },
  },
  VAULT_LOCK_UNREADABLE: {
    exit: 11,
    transient: true,
    message: {
      en: 'the lock {object} of the vault {path}, of {since}, can not be read: nobody knows whether somebody is at work',
      ja: '保管先 {path} のロック {object}（{since}）を読み取れません。使用中かどうか判断できません',
    },
    hint: {
      en: 'Somebody has put it there, or its writing was cut off. Half an hour after that time `hikae unlock --vault {path}` removes it; if you know that nobody is at work there, `hikae unlock --all --vault {path}` does at once.',
      ja: '誰かが置いたか、書き込みの途中で切れたものです。その時刻から 30 分経てば `hikae unlock --vault {path}` で外せます。誰も使っていないと分かっている場合は `hikae unlock --all --vault {path}` ですぐに外せます。',
    },
  },
  VAULT_FULL: {
    message: {
      en: 'the disk of the vault {path} is full: {reason}',
      ja: '保管先 {path} のディスクがいっぱいです: {reason}',
    },
    hint: {
      en: 'Earlier snapshots are whole, and the unfinished one was removed. Free space or inodes (`df -h {path}`, `df -i {path}`), keep fewer snapshots, or give the vault a larger disk.',
      ja: '以前のスナップショットは無事で、書きかけのものは削除しました。空き容量か inode を増やす(`df -h {path}`、`df -i {path}`)、保持する世代を減らす、または大きなディスクに替えてください。',
    },
  },
  VAULT_NO_ROOM: {
    message: {
      en: 'the vault {path} has {free} and {freeFiles} inodes free; this snapshot needs about {needed} and {neededFiles} inodes',
      ja: '保管先 {path} の空きは {free}、inode {freeFiles} 個です。このスナップショットには約 {needed}、inode {neededFiles} 個が必要です',
    },
    hint: {
      en: 'Nothing was written. Free space on that disk, keep fewer snapshots, or give the vault a larger disk.',
      ja: '何も書き込んでいません。ディスクの空きを増やすか、保持する世代を減らすか、大きなディスクに替えてください。',
    },
  },
  VAULT_WRITE_FAILED: {
    message: {
      en: 'the vault {path} could not be written: {reason}',
      ja: '保管先 {path} に書き込めませんでした: {reason}',
    },
    hint: {
      en: 'Earlier snapshots are whole. Look at the kernel log (`dmesg`) for the disk, and at whether it is mounted read-only.',
      ja: '以前のスナップショットは無事です。カーネルのログ(`dmesg`)でディスクの状態と、読み取り専用になっていないかを確かめてください。',
    },
  },
  STORED_NAME_TAKEN: {
    message: {
      en: '{path} can not be stored: a dump beside it is stored compressed under this very name',
      ja: '{path} を保存できません。隣にあるダンプが圧縮されて同じ名前で保存されています',
    },
    hint: {
      en: 'Rename one of the two at the source, or give them to two components.',
      ja: '元の場所でどちらかの名前を変えるか、別々のコンポーネントに分けてください。',
    },
  },
  SNAPSHOT_DAMAGED: {
    message: {
      en: 'the snapshot {place} is damaged: {reason}',
      ja: 'スナップショット {place} が壊れています: {reason}',
    },
    hint: {
      en: 'Use another date or another vault; `hikae verify --level full` names everything that is damaged.',
      ja: '別の日付か別の保管先を使ってください。壊れている箇所は `hikae verify --level full` で分かります。',
    },
  },
  SNAPSHOT_CONTENT_DAMAGED: {
    message: {
      en: 'the stored copy of {path} in {place} is damaged',
      ja: '{place} に保存された {path} の内容が壊れています',
    },
    hint: {
      en: 'Take this file from another date or another vault; `hikae verify --level full` names everything that is damaged.',
      ja: 'このファイルは別の日付か別の保管先から取り出してください。壊れている箇所は `hikae verify --level full` で分かります。',
    },
  },
  SNAPSHOT_UNSAFE: {
    message: {
      en: 'the snapshot {place} holds an entry that no backup writes: {reason}',
      ja: 'スナップショット {place} に、バックアップが書くはずのない項目があります: {reason}',
    },
    hint: {
      en: 'Its manifest was changed by somebody. Do not restore from it; use another date or another vault.',
      ja: 'マニフェストが何者かに書き換えられています。これは復元に使わず、別の日付か別の保管先を使ってください。',
    },
  },
  SNAPSHOT_IN_USE: {
    transient: true,
    message: { en: 'the snapshot {place} is being read', ja: 'スナップショット {place} は読み取り中です' },
    hint: {
      en: 'Run the command again when the restore or verification has ended.',
      ja: '復元や検証が終わってから、もう一度実行してください。',
    },
  },
});
