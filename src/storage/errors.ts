/** What can go wrong with the medium under a vault. */
import { defineErrors } from '../base/errors.ts';

export const storageErrors = defineErrors({
  STORAGE_NOT_FOUND: {
    message: {
      en: 'the object {key} is not in the storage {storage}',
      ja: 'ストレージ {storage} にオブジェクト {key} がありません',
    },
    hint: {
      en: 'Somebody has removed it, or the storage is another than you think. Check both.',
      ja: '誰かが削除したか、想定とは別のストレージです。両方を確かめてください。',
    },
  },
  STORAGE_EXISTS: {
    message: {
      en: 'the object {key} is in the storage {storage} already',
      ja: 'ストレージ {storage} には既にオブジェクト {key} があります',
    },
    hint: {
      en: 'Objects are never overwritten. Does another host write to the same place?',
      ja: 'オブジェクトが上書きされることはありません。別のホストが同じ場所に書き込んでいないか確かめてください。',
    },
  },
  STORAGE_MISSING: {
    exit: 10,
    message: { en: 'there is no storage at {storage}', ja: '{storage} にストレージがありません' },
    hint: {
      en: 'Check the path, and that its disk is mounted; on S3, that the bucket was made and its name is right.',
      ja: 'パスが正しいか、ディスクがマウントされているかを確かめてください。S3 では、バケットが作成済みで名前が正しいかを確かめてください。',
    },
  },
  STORAGE_OUT_OF_REACH: {
    exit: 10,
    transient: true,
    message: {
      en: 'the storage {storage} can not be reached: {reason}',
      ja: 'ストレージ {storage} に接続できません: {reason}',
    },
    hint: {
      en: 'Check the address and the port, that the server runs, and that nothing on the way (a firewall, a VPN) stops the connection.',
      ja: 'アドレスとポート、サーバーが動いているか、途中(ファイアウォール、VPN)で遮られていないかを確かめてください。',
    },
  },
  STORAGE_INSECURE: {
    exit: 2,
    message: {
      en: 'the endpoint {endpoint} of the storage {storage} is not encrypted',
      ja: 'ストレージ {storage} のエンドポイント {endpoint} は暗号化されていません',
    },
    hint: {
      en: 'Use https:// there. Only a server on this machine itself may be spoken to in the open.',
      ja: 'https:// を使ってください。暗号化なしで通信できるのは、このマシン上のサーバーだけです。',
    },
  },
  STORAGE_NO_CREDENTIALS: {
    exit: 10,
    message: {
      en: 'no usable keys were found for the storage {storage}: {reason}',
      ja: 'ストレージ {storage} に使える認証キーが見つかりません: {reason}',
    },
    hint: {
      en: 'They are looked for as by every AWS tool: the environment, the profile in ~/.aws of the user who runs, a role of the machine. `aws sts get-caller-identity` should work as the same user.',
      ja: 'AWS の各ツールと同じ順(環境変数、実行ユーザーの ~/.aws のプロファイル、マシンのロール)で探します。同じユーザーで `aws sts get-caller-identity` が通るはずです。',
    },
  },
  STORAGE_LOGIN_FAILED: {
    exit: 10,
    message: {
      en: 'the storage {storage} does not let us in as {user}: {reason}',
      ja: 'ストレージ {storage} に {user} としてログインできません: {reason}',
    },
    hint: {
      en: 'Check the user, and that the server knows this key (authorized_keys) or this password. The same login should work with the sftp command.',
      ja: '利用者名と、サーバーにその鍵(authorized_keys)やパスワードが登録されているかを確かめてください。同じ設定で sftp コマンドが通るはずです。',
    },
  },
  STORAGE_LOGIN_UNUSABLE: {
    exit: 2,
    message: {
      en: 'the private key for the storage {storage} can not be used: {reason}',
      ja: 'ストレージ {storage} 用の秘密鍵を使えません: {reason}',
    },
    hint: {
      en: 'It has to be a private key as ssh-keygen makes it, and one with a passphrase needs that passphrase or an agent.',
      ja: 'ssh-keygen が作る形式の秘密鍵が必要です。パスフレーズ付きの鍵には、そのパスフレーズか ssh-agent が要ります。',
    },
  },
  STORAGE_HOST_KEY_UNKNOWN: {
    exit: 10,
    message: {
      en: 'the host {host} is not known: it shows the {type} key {fingerprint}, and {file} has none for it',
      ja: 'ホスト {host} は未知です: {type} 鍵 {fingerprint} を提示しましたが、{file} に登録がありません',
    },
    hint: {
      en: 'Ask the machine itself what its key is (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there). If that is the same, add it: `ssh-keyscan` with the host, appended to {file}.',
      ja: 'そのマシン上で `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` を実行して鍵を確かめ、一致すれば `ssh-keyscan` の出力を {file} に追加してください。',
    },
  },
  STORAGE_HOST_KEY_CHANGED: {
    exit: 10,
    message: {
      en: 'the host {host} shows another key than before: {fingerprint} ({type}), where {file} has {known}',
      ja: 'ホスト {host} の鍵が以前と違います: 提示された鍵は {fingerprint}({type})、{file} にあるのは {known} です',
    },
    hint: {
      en: 'Somebody may be in between, or the machine was set up anew. Nothing was sent. Find out which before you change {file}.',
      ja: '通信に割り込まれているか、マシンが作り直されたかのどちらかです。何も送信していません。どちらかを確かめるまで {file} を変えないでください。',
    },
  },
  STORAGE_HOST_KEY_REVOKED: {
    exit: 10,
    message: {
      en: 'the host {host} shows the key {fingerprint}, which {file} calls revoked',
      ja: 'ホスト {host} が提示した鍵 {fingerprint} は、{file} で失効とされています',
    },
    hint: {
      en: 'Nothing was sent. The machine needs a new host key.',
      ja: '何も送信していません。そのマシンのホスト鍵を新しくする必要があります。',
    },
  },
  STORAGE_FULL: {
    message: {
      en: 'the storage {storage} is full: {operation} of {key}: {reason}',
      ja: 'ストレージ {storage} がいっぱいです: {key} の {operation}: {reason}',
    },
    hint: {
      en: 'Nothing that was there is harmed, and of {key} nothing remains. Free space or inodes, raise the quota, or keep fewer snapshots.',
      ja: '既にあるものは無事で、{key} の書きかけは残っていません。空き容量か inode を増やす、クォータを上げる、または保持する世代を減らしてください。',
    },
  },
  STORAGE_REFUSED: {
    exit: 10,
    message: {
      en: 'the storage {storage} refuses {operation} of {key}: {reason}',
      ja: 'ストレージ {storage} が {key} の {operation} を拒否しました: {reason}',
    },
    hint: {
      en: 'Check who you are there and what you may do: the owner and mode of the folder, whether the disk is mounted read-only, or the rights of the keys in use.',
      ja: '使っている利用者と権限を確かめてください(フォルダーの所有者とモード、読み取り専用マウント、認証キーの権限)。',
    },
  },
  STORAGE_FAILED: {
    message: {
      en: '{operation} of {key} in the storage {storage} failed: {reason}',
      ja: 'ストレージ {storage} で {key} の {operation} に失敗しました: {reason}',
    },
    hint: {
      en: 'What was stored before is whole. Look at the state of the medium: the kernel log (`dmesg`) of the machine that has the disk, or the log of the server.',
      ja: '以前に保存したものは無事です。媒体の状態(ディスクのあるマシンのカーネルログ `dmesg`、サーバーのログ)を確かめてください。',
    },
  },
  STORAGE_INTERRUPTED: {
    transient: true,
    message: {
      en: '{operation} of {key} in the storage {storage} was cut off: {reason}',
      ja: 'ストレージ {storage} で {key} の {operation} が途切れました: {reason}',
    },
    hint: {
      en: 'Run the command again: it goes on where this one stopped. If it happens often, look at the line and at the load of the server.',
      ja: 'もう一度実行すると続きから再開します。たびたび起きる場合は、回線とサーバーの負荷を確かめてください。',
    },
  },
  STORAGE_TOO_SHORT: {
    message: {
      en: 'the object {key} in the storage {storage} ends after {size} bytes, before {needed}',
      ja: 'ストレージ {storage} のオブジェクト {key} は {size} バイトで終わっており、{needed} バイトに足りません',
    },
    hint: {
      en: 'It was cut off or replaced. `hikae verify` names everything that is damaged.',
      ja: '途中で切れたか、差し替えられています。壊れている箇所は `hikae verify` で分かります。',
    },
  },
  STORAGE_TOO_LARGE: {
    message: {
      en: 'the object {key} in the storage {storage} has more than the {limit} bytes that it may have',
      ja: 'ストレージ {storage} のオブジェクト {key} が、上限の {limit} バイトを超えています',
    },
    hint: {
      en: 'It was not read. It is damaged, or somebody has put it there.',
      ja: '読み込みませんでした。壊れているか、何者かが置いたものです。',
    },
  },
  STORAGE_BODY_CHANGED: {
    message: {
      en: 'what should be stored as {key} in the storage {storage} has another size than was said: {size} instead of {expected} bytes',
      ja: 'ストレージ {storage} に {key} として保存する内容の大きさが、想定の {expected} バイトではなく {size} バイトでした',
    },
    hint: {
      en: 'Nothing was stored. The file changed while it was read; run the command again.',
      ja: '何も保存していません。読み取り中にファイルが変わりました。もう一度実行してください。',
    },
  },
  STORAGE_REPLACED: {
    message: {
      en: 'the object {key} in the storage {storage} is not what was stored there',
      ja: 'ストレージ {storage} のオブジェクト {key} は、保存したものと異なります',
    },
    hint: {
      en: 'Somebody has replaced it, or it is damaged. `hikae verify` names everything that is.',
      ja: '何者かが差し替えたか、壊れています。該当するものは `hikae verify` で分かります。',
    },
  },
  STORAGE_LACKS: {
    message: {
      en: 'the storage {storage} can not do this: {lacks}',
      ja: 'ストレージ {storage} にはこの機能がありません: {lacks}',
    },
    hint: {
      en: 'Use another server or file system for this vault.',
      ja: 'この保管先には別のサーバーかファイルシステムを使ってください。',
    },
  },
  STORAGE_LOCK_SHORT: {
    message: {
      en: 'the storage {storage} does not keep {key} locked until {wanted}: {found}',
      ja: 'ストレージ {storage} の {key} は {wanted} までロックされていません: {found}',
    },
    hint: {
      en: 'The lock was asked for and is not there. Check the rights of the keys in use (s3:PutObjectRetention, s3:GetObjectRetention), and that the bucket has Object Lock.',
      ja: 'ロックを要求しましたが、掛かっていません。使っている認証キーの権限(s3:PutObjectRetention、s3:GetObjectRetention)と、バケットのオブジェクトロックが有効かを確かめてください。',
    },
  },
});
