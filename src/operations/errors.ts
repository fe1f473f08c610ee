/** What can be wrong with what an operation is asked to do, or with what it meets. */
import { defineErrors } from '../base/errors.ts';

export const operationErrors = defineErrors({
  REPAIR_FROM_ITSELF: {
    exit: 2,
    message: {
      en: 'the vault {vault} can not be repaired from itself',
      ja: '保管先 {vault} をそれ自身から修復することはできません',
    },
    hint: {
      en: 'Name another one with --from: any vault that has the same snapshots, of whatever kind.',
      ja: '--from には、同じスナップショットを持つ別の保管先を指定してください。種類は問いません。',
    },
  },
  REPAIR_NOT_THIS_KIND: {
    exit: 2,
    message: {
      en: 'the vault {vault} is plain and lies on another machine, where hikae repairs only repositories yet',
      ja: '保管先 {vault} は別のマシンにある plain です。そこで hikae が修復できるのは、今のところリポジトリーだけです',
    },
    hint: {
      en: '`hikae verify` names its damaged files; the next backup reads them anew from their source. Take older ones from another date or vault.',
      ja: '壊れたファイルは `hikae verify` で分かり、次のバックアップが取得元から読み直します。以前のものは別の日付か別の保管先から取り出してください。',
    },
  },
  TARGET_UNKNOWN: {
    exit: 2,
    message: { en: 'the policy has no target {target}', ja: 'ポリシーにターゲット {target} はありません' },
    hint: { en: 'It has: {known}.', ja: 'あるのは次のとおりです: {known}' },
  },
  SCHEDULE_UNKNOWN: {
    exit: 2,
    message: {
      en: 'the policy has no schedule {schedule}',
      ja: 'ポリシーにスケジュール {schedule} はありません',
    },
    hint: { en: 'It has: {known}.', ja: 'あるのは次のとおりです: {known}' },
  },
  VAULT_UNKNOWN: {
    exit: 2,
    message: { en: 'the policy has no vault {vault}', ja: 'ポリシーに保管先 {vault} はありません' },
    hint: {
      en: 'It has: {known}. A place is named by its absolute path or its URL.',
      ja: 'あるのは次のとおりです: {known}。場所は絶対パスか URL で指定できます。',
    },
  },
  COMPONENT_UNKNOWN: {
    exit: 2,
    message: {
      en: 'the snapshot {place} has no component {component}',
      ja: 'スナップショット {place} にコンポーネント {component} はありません',
    },
    hint: { en: 'It has: {known}.', ja: 'あるのは次のとおりです: {known}' },
  },
  VAULT_NOT_NAMED: {
    exit: 2,
    message: {
      en: 'which repository is meant? The policy has: {known}',
      ja: 'どのリポジトリーか特定できません。ポリシーにあるのは次のとおりです: {known}',
    },
    hint: { en: 'Name one with --vault.', ja: '--vault で指定してください。' },
  },
  VAULT_NOT_ENCRYPTED: {
    exit: 2,
    message: {
      en: 'the vault {vault} is not encrypted and has no passwords',
      ja: '保管先 {vault} は暗号化されておらず、パスワードがありません',
    },
    hint: {
      en: 'Only vaults of the kind `restic` have keys.',
      ja: '鍵があるのは種類 `restic` の保管先だけです。',
    },
  },
  KIT_KEY_LEFT: {
    message: {
      en: 'nobody was shown the password of the new recovery key {key}, and it could not be taken back: {reason}',
      ja: '新しい復旧用の鍵 {key} はパスワードを表示できず、取り消しもできませんでした: {reason}',
    },
    hint: {
      en: 'Remove it with `hikae key remove {key}`.',
      ja: '`hikae key remove {key}` で削除してください。',
    },
  },
  KIT_MISSING: {
    message: {
      en: 'the repository {vault} has no recovery key',
      ja: 'リポジトリー {vault} には復旧用の鍵がありません',
    },
    hint: {
      en: 'Run `hikae kit print --new --vault {vault}` on a terminal: it makes one and shows its page, once.',
      ja: '端末で `hikae kit print --new --vault {vault}` を実行すると、鍵を作成し、その紙面を一度だけ表示します。',
    },
  },
  VAULT_NO_PLACE: {
    exit: 2,
    message: { en: '{place} is no place of a vault', ja: '{place} は保管先の場所として使えません' },
    hint: {
      en: 'Write it as /absolute/path, sftp://user@host/path or s3://bucket/prefix, without a password in it.',
      ja: '/絶対パス、sftp://ユーザー@ホスト/パス、s3://バケット/プレフィックス の形で、パスワードを含めずに指定してください。',
    },
  },
  VAULT_PASSWORD_UNKNOWN: {
    exit: 12,
    message: {
      en: 'the vault {path} is encrypted, and nothing says where its password is',
      ja: '保管先 {path} は暗号化されていますが、パスワードの参照先が分かりません',
    },
    hint: {
      en: 'Name a file that holds it with --password-file (or in the environment variable RESTIC_PASSWORD_FILE), or name the vault with its password in a policy.',
      ja: 'パスワードを書いたファイルを --password-file(または環境変数 RESTIC_PASSWORD_FILE)で指定するか、ポリシーで保管先とパスワードを指定してください。',
    },
  },
  NOTHING_CAPTURED: {
    message: {
      en: 'no component of {target} could be captured',
      ja: '{target} のコンポーネントを 1 つも取得できませんでした',
    },
    hint: {
      en: 'The reason stands with each component; the last was: {reason}',
      ja: '理由は各コンポーネントの行にあります。最後の理由: {reason}',
    },
  },
  SNAPSHOT_NOT_FOUND: {
    message: {
      en: 'there is no snapshot {wanted} in {vault}',
      ja: '{vault} にスナップショット {wanted} はありません',
    },
    hint: { en: '`hikae snapshots` lists what there is.', ja: '`hikae snapshots` で一覧できます。' },
  },
  SNAPSHOT_AMBIGUOUS: {
    exit: 2,
    message: {
      en: '{wanted} stands for several snapshots: {places}',
      ja: '{wanted} に当たるスナップショットが複数あります: {places}',
    },
    hint: {
      en: 'Give more digits of the id, or one of these places.',
      ja: 'ID の桁を増やすか、いずれかの場所を指定してください。',
    },
  },
  PATH_NOT_FOUND: {
    message: { en: 'there is no {path} in {place}', ja: '{place} に {path} はありません' },
    hint: { en: '`hikae ls {place}` lists what there is.', ja: '`hikae ls {place}` で一覧できます。' },
  },
  PATH_NOT_A_FILE: {
    message: {
      en: '{path} in {place} is a {type} and has no content',
      ja: '{place} の {path} は {type} で、内容がありません',
    },
    hint: {
      en: 'Only files can be dumped; restore a folder with `hikae restore`.',
      ja: '取り出せるのはファイルだけです。フォルダーは `hikae restore` で復元してください。',
    },
  },
  RESTORE_NOT_EMPTY: {
    exit: 2,
    message: { en: 'the folder {path} is not empty', ja: 'フォルダー {path} は空ではありません' },
    hint: {
      en: 'Choose another folder, or say --overwrite to restore into this one.',
      ja: '別のフォルダーを選ぶか、ここに復元するなら --overwrite を付けてください。',
    },
  },
  RESTORE_NO_FOLDER: {
    exit: 2,
    message: {
      en: '{path} can not be restored into: {reason}',
      ja: '{path} には復元できません: {reason}',
    },
    hint: {
      en: 'Give --to a folder that is empty or not there yet, in a place that you may write to.',
      ja: '--to には、空のフォルダーか、書き込める場所にあるまだ存在しないフォルダーを指定してください。',
    },
  },
  RESTORE_INTO_VAULT: {
    exit: 2,
    message: {
      en: 'the folder {path} lies in the vault {vault}',
      ja: 'フォルダー {path} は保管先 {vault} の中にあります',
    },
    hint: {
      en: 'Choose a folder outside of it: what lies in a vault is shared by several snapshots.',
      ja: '保管先の外のフォルダーを選んでください。保管先の中のものは複数のスナップショットで共有されています。',
    },
  },
  RESTORE_DELETE_UNSAFE: {
    exit: 2,
    message: {
      en: 'the snapshot {place} has {problems} problems: a folder that could not be read stands in it as empty, and --delete would empty it',
      ja: 'スナップショット {place} には問題が {problems} 件あります。読み取れなかったフォルダーは空として記録されているため、--delete を付けるとその中身が消えます',
    },
    hint: {
      en: 'Restore without --delete, or from a snapshot without problems.',
      ja: '--delete を付けずに復元するか、問題のないスナップショットを使ってください。',
    },
  },
  RESTORE_NO_SAFETY: {
    message: {
      en: 'what is there now could not be kept before the restore: {reason}',
      ja: '復元の前に現在の内容を保存できませんでした: {reason}',
    },
    hint: {
      en: 'Nothing was changed. Remove the reason (for a full disk: make room in the vault {vault}), or restore with --no-safety, which can not be undone.',
      ja: '何も変更していません。原因を取り除く(ディスクがいっぱいなら保管先 {vault} の空きを増やす)か、--no-safety を付けて復元してください(取り消せなくなります)。',
    },
  },
  CAPTURE_WITH_GAPS: {
    message: {
      en: 'of {component}, {problems} entries can not be read: {reason}',
      ja: '{component} のうち {problems} 件を読み取れません: {reason}',
    },
    hint: {
      en: 'Run the command as a user who may read them, mostly root.',
      ja: 'それらを読み取れるユーザー(通常は root)として実行してください。',
    },
  },
  HOOK_FAILED: {
    message: { en: 'the hook {command} failed: {reason}', ja: 'フック {command} が失敗しました: {reason}' },
    hint: {
      en: 'Run it by hand as the same user; the `after` hooks were run all the same.',
      ja: '同じユーザーで手で実行して確かめてください。`after` のフックは実行済みです。',
    },
  },
  GUARD_NOTHING: {
    exit: 2,
    message: { en: 'no vault of the policy lies on S3', ja: 'ポリシーに S3 の保管先がありません' },
    hint: {
      en: 'guard compares buckets with the policy; folders and SFTP have nothing of the kind.',
      ja: 'guard はバケットをポリシーと照合します。フォルダーや SFTP に当たる設定はありません。',
    },
  },
  GUARD_NOT_S3: {
    exit: 2,
    message: { en: 'the vault {vault} does not lie on S3', ja: '保管先 {vault} は S3 にありません' },
    hint: { en: 'These do: {known}.', ja: 'S3 にあるのは次のとおりです: {known}' },
  },
  VAULT_LOCKS_UNUSUAL: {
    message: {
      en: 'of {target} far more would be locked in {vault} than usual: more than {most}, where {usual} are usual',
      ja: '{target} について {vault} でロックする量が通常を大きく超えています（通常 {usual}、上限 {most}）',
    },
    hint: {
      en: 'Nothing was published. What is locked is paid for to its date, and nobody can undo that. Look at what has grown; when it is to be kept, run the same with --yes.',
      ja: '何も公開していません。ロックしたものは期日まで料金がかかり、誰にも取り消せません。増えた原因を確かめ、残してよければ同じ操作に --yes を付けて実行してください。',
    },
  },
  GUARD_FOUND: {
    exit: 21,
    message: {
      en: 'the bucket of {vault} is not as the policy promises: {findings}',
      ja: '{vault} のバケットがポリシーの約束どおりではありません: {findings}',
    },
    hint: {
      en: '`hikae guard --vault {vault}` says of each what it means and what to do; `hikae guard --apply --dry-run` shows what it would change.',
      ja: '`hikae guard --vault {vault}` がそれぞれの意味と対処を示します。`hikae guard --apply --dry-run` で変更内容を確認できます。',
    },
  },
  GUARD_NOT_CONFIRMED: {
    exit: 2,
    message: {
      en: 'nothing was changed at {vault}: the plan has what nobody can undo',
      ja: '{vault} は何も変更していません。計画に取り消せない変更が含まれています',
    },
    hint: {
      en: 'Read the plan. When it is what you want, run the same command with --yes.',
      ja: '計画を確かめ、よければ同じコマンドに --yes を付けて実行してください。',
    },
  },
  TAMPER_NOT_CONFIRMED: {
    exit: 2,
    message: {
      en: 'nothing was tried at the bucket {buckets}',
      ja: 'バケット {buckets} では何も試していません',
    },
    hint: {
      en: 'The test puts a few small objects below hikae-tamper-test/, locks them for five minutes and attacks them; alarms of the account may tell of it. With --yes it does.',
      ja: 'このテストは hikae-tamper-test/ に小さなオブジェクトをいくつか置き、5 分間ロックして攻撃します。アカウントの警報が鳴ることがあります。--yes を付けると実行します。',
    },
  },
  GUARD_NOT_AWS: {
    exit: 2,
    message: {
      en: 'the vaults on S3 lie on other servers than those of AWS: {vaults}',
      ja: 'S3 の保管先は AWS 以外のサーバーにあります: {vaults}',
    },
    hint: {
      en: 'Terraform and CloudFormation are written for AWS. `hikae guard --apply` sets up buckets of other servers.',
      ja: 'Terraform と CloudFormation の出力は AWS 用です。ほかのサーバーのバケットは `hikae guard --apply` で設定できます。',
    },
  },
  GUARD_NAMES_COLLIDE: {
    exit: 2,
    message: {
      en: 'the roles of the vaults {vaults} would have the same name: {name}',
      ja: '保管先 {vaults} のロール名が重なります: {name}',
    },
    hint: {
      en: 'The name is made of the prefix in the bucket. Give each vault another, or write one of them with --vault.',
      ja: '名前はバケット内のプレフィックスから作ります。プレフィックスを変えるか、--vault で 1 つずつ出力してください。',
    },
  },
  NO_VAULT: {
    exit: 2,
    message: { en: 'there is no vault to look in', ja: '調べる保管先がありません' },
    hint: {
      en: 'Name one with --vault: the absolute path of its folder, or its URL, is enough.',
      ja: '--vault で指定してください。フォルダーの絶対パスか URL で構いません。',
    },
  },
  COPY_TO_ITSELF: {
    exit: 2,
    message: {
      en: 'the vaults {from} and {vault} are one and the same',
      ja: '保管先 {from} と {vault} は同じものです',
    },
    hint: {
      en: 'Name another vault with --to.',
      ja: '--to で別の保管先を指定してください。',
    },
  },
  COPY_INCOMPLETE: {
    message: {
      en: 'not every snapshot of {target} could be copied from {from} to {vault}; missing there: {missing}; {reason}',
      ja: '{target} のスナップショットをすべて {from} から {vault} へ複製することはできませんでした。{vault} にないもの: {missing}。理由: {reason}',
    },
    hint: {
      en: 'They are whole in {from}. The next backup copies them as well, or `hikae copy {target} --from {from} --to {vault}` now; what has arrived is not sent again.',
      ja: '{from} には完全に残っています。次のバックアップで自動的に複製されます。すぐに行うには `hikae copy {target} --from {from} --to {vault}` を実行してください。届いた分は再送されません。',
    },
  },
  COPY_SOURCE_DAMAGED: {
    message: {
      en: 'the snapshot {place} in {vault} is damaged ({reason}) and was not copied',
      ja: '{vault} のスナップショット {place} は壊れている（{reason}）ため、複製しませんでした',
    },
    hint: {
      en: 'No other vault has it sound. `hikae verify {target} --vault {vault}` names everything that is damaged; the next backup then reads those files anew from their source.',
      ja: '無事な写しを持つ保管先はほかにありません。`hikae verify {target} --vault {vault}` で壊れた箇所をすべて確認できます。次のバックアップはそのファイルを取得元から読み直します。',
    },
  },
  RUN_UNKNOWN: {
    exit: 2,
    message: { en: 'the record has no run {run}', ja: '実行記録に {run} はありません' },
    hint: {
      en: '`hikae log` lists the runs with their ids; the first digits are enough.',
      ja: '`hikae log` で実行とその ID を一覧できます。ID は先頭の数桁で構いません。',
    },
  },
  NOTHING_LOCKED: {
    exit: 2,
    message: {
      en: 'the policy has no vault that is locked',
      ja: 'ポリシーにロックする保管先がありません',
    },
    hint: {
      en: 'Give a vault on S3 a `lock` in the policy, or name one with --vault.',
      ja: 'S3 の保管先に `lock` を指定するか、--vault で保管先を指定してください。',
    },
  },
  VAULT_WITHOUT_LOCKS: {
    exit: 2,
    message: {
      en: 'in the vault {vault} nothing can be locked',
      ja: '保管先 {vault} ではロックを使えません',
    },
    hint: {
      en: 'Only repositories on S3 know locks. `hikae verify` checks what any vault holds.',
      ja: 'ロックを使えるのは S3 上のリポジトリーだけです。内容の検査は `hikae verify` で行えます。',
    },
  },
  PROTECTION_FAR: {
    exit: 2,
    message: {
      en: '{place} in {vault} would be locked until {until}, further away than {days} days',
      ja: '{vault} の {place} のロック期日 {until} は {days} 日より先です',
    },
    hint: {
      en: 'Nothing was changed. Its {objects} objects would be paid for until then, and nobody can undo that: `--dry-run` shows what it comes to. If the date is right, run the same with --yes.',
      ja: '何も変更していません。{objects} オブジェクトの料金がその期日までかかり、誰にも取り消せません（内訳は `--dry-run`）。日付が正しければ、同じ操作に --yes を付けて実行してください。',
    },
  },
  PROTECTION_PAST: {
    exit: 2,
    message: {
      en: 'the time {until}, until which {place} is to be protected, has passed',
      ja: '{place} の保護期限 {until} はすでに過ぎています',
    },
    hint: {
      en: 'Give a later date, or `none` to lift a protection.',
      ja: 'これより後の日付を指定してください。保護を解除するには `none` を指定します。',
    },
  },
});
