/** What can be wrong with the settings of a bucket: versions, locks, encryption, public access. */
import { apply, type GuardFindingText } from './finding-text.ts';

export const settingFindings = {
  'bucket-missing': {
    severity: 'critical',
    what: { en: 'there is no bucket {bucket}', ja: 'バケット {bucket} がありません' },
    why: {
      en: 'Nothing can be stored there, and nothing that was stored can be fetched.',
      ja: '保存も、保存したものの取り出しもできません。',
    },
    fix: {
      en: 'Check its name and whose keys are used. `hikae guard --apply` makes a new one, with Object Lock on.',
      ja: '名前と、使っている認証キーのアカウントを確かめてください。新規作成は `hikae guard --apply` でできます（オブジェクトロック有効で作成）。',
    },
  },
  'versioning-off': {
    severity: 'critical',
    what: { en: 'versioning is {state}', ja: 'バージョニングが無効です（{state}）' },
    why: {
      en: 'Whoever has the keys replaces or deletes an object for good with one request.',
      ja: '認証キーを持つ者は、1 回のリクエストでオブジェクトを完全に上書き・削除できます。',
    },
    fix: apply,
  },
  'lock-off': {
    severity: 'critical',
    what: {
      en: 'Object Lock is off, and the policy promises {days} days',
      ja: 'オブジェクトロックが無効です（ポリシーの約束は {days} 日間）',
    },
    why: {
      en: 'No object can be given a date before which nobody deletes it: the promise holds for no snapshot.',
      ja: '期日まで削除できないようにする設定がオブジェクトに付けられません。約束はどのスナップショットでも守られません。',
    },
    fix: apply,
  },
  'lock-not-asked': {
    severity: 'advice',
    what: {
      en: 'the policy asks for no lock of the vault {vault}',
      ja: 'ポリシーの保管先 {vault} に lock の指定がありません',
    },
    why: {
      en: 'After an intrusion with the keys of this host nothing in it needs to be left.',
      ja: 'このホストの認証キーを奪われると、中身をすべて失うおそれがあります。',
    },
    fix: {
      en: 'Add `lock: { mode: compliance, for: 90d }` to the vault. COMPLIANCE can not be undone: begin with few days.',
      ja: '保管先に `lock: { mode: compliance, for: 90d }` を加えてください。COMPLIANCE は取り消せないため、短い日数から始めてください。',
    },
  },
  'default-none': {
    severity: 'warning',
    what: {
      en: 'the bucket locks nothing by default',
      ja: 'バケットにデフォルトの保持設定がありません',
    },
    why: {
      en: 'An object that is put without a date of its own, by another tool or by mistake, stays unprotected.',
      ja: '期日なしで置かれたオブジェクト（別のツールや手違いによるもの）は保護されません。',
    },
    fix: apply,
  },
  'default-short': {
    severity: 'warning',
    what: {
      en: 'the bucket locks for {actual} days by default, and the policy promises {days}',
      ja: 'デフォルトの保持は {actual} 日で、ポリシーの約束 {days} 日より短くなっています',
    },
    why: {
      en: 'An object that is put without a date of its own can be deleted before the promise is over.',
      ja: '期日なしで置かれたオブジェクトは、約束の期間が終わる前に削除できてしまいます。',
    },
    fix: apply,
  },
  'default-governance': {
    severity: 'critical',
    what: {
      en: 'the bucket locks in mode {actual} by default, and the policy says COMPLIANCE',
      ja: 'デフォルトの保持モードが {actual} です（ポリシーは COMPLIANCE）',
    },
    why: {
      en: 'Whoever may bypass GOVERNANCE, an administrator whose keys were stolen for one, deletes it all.',
      ja: 'GOVERNANCE を迂回できる者（認証キーを盗まれた管理者など）は、すべて削除できます。',
    },
    fix: apply,
  },
  'default-long': {
    severity: 'warning',
    what: {
      en: 'the bucket locks for {actual} days by default, more than the {most} that the policy ever needs',
      ja: 'デフォルトの保持が {actual} 日あり、ポリシーで必要な最大 {most} 日を超えています',
    },
    why: {
      en: 'In COMPLIANCE mode nobody ends that, and it is paid for to its end.',
      ja: 'COMPLIANCE モードでは誰にも短縮できず、期日まで料金がかかります。',
    },
    fix: apply,
  },
  'encryption-none': {
    severity: 'warning',
    what: {
      en: 'the bucket has no default encryption',
      ja: 'バケットのデフォルト暗号化が設定されていません',
    },
    why: {
      en: 'What is put without a word about encryption lies on the disks of the server as it is.',
      ja: '暗号化を指定せずに置かれたものは、サーバーのディスクに平文で残ります。',
    },
    fix: apply,
  },
  'encryption-none-here': {
    severity: 'advice',
    what: {
      en: 'the server does not encrypt what is put into this bucket',
      ja: 'サーバーはこのバケットの内容を暗号化していません',
    },
    why: {
      en: 'Whoever carries its disks away reads the dated folders.',
      ja: 'ディスクを持ち去られると、日付フォルダーの中身を読まれます。',
    },
    fix: {
      en: 'Set up keys in the server (on Ceph: `rgw_crypt_sse_s3_backend`) and the default encryption of the bucket, or keep a `restic:` vault there.',
      ja: 'サーバーに鍵を設定し（Ceph では `rgw_crypt_sse_s3_backend`）、バケットのデフォルト暗号化を有効にするか、`restic:` の保管先にしてください。',
    },
  },
  'encryption-foreign': {
    severity: 'warning',
    what: {
      en: 'uploads encrypted with a key of KMS are accepted',
      ja: 'KMS の鍵による暗号化を指定したアップロードを受け付けます',
    },
    why: {
      en: 'An intruder stores new snapshots under a key of his own and takes it away later; no lock helps then.',
      ja: '侵入者が自分の鍵で新しいスナップショットを保存させ、後で鍵を無効にできます。ロックでは防げません。',
    },
    fix: apply,
  },
  'encryption-kms': {
    severity: 'critical',
    what: { en: 'the bucket encrypts with {algorithm}', ja: 'バケットの暗号化方式が {algorithm} です' },
    why: {
      en: 'No lock protects the key: who deletes or disables it has made every object unreadable.',
      ja: 'ロックは鍵を守りません。鍵を削除・無効化されると、すべてのオブジェクトが読めなくなります。',
    },
    fix: apply,
  },
  'encryption-customer': {
    severity: 'warning',
    what: {
      en: 'uploads encrypted with a key of the uploader (SSE-C) are accepted',
      ja: 'アップロード側の鍵による暗号化（SSE-C）を受け付けます',
    },
    why: {
      en: 'Ransomware uses it to overwrite objects with copies that only it can read (Codefinger, 2025).',
      ja: 'ランサムウェアが、自分にしか読めない複製で上書きするのに使います（Codefinger、2025 年）。',
    },
    fix: apply,
  },
  'public-access': {
    severity: 'critical',
    what: {
      en: 'public access is not blocked: {missing}',
      ja: 'パブリックアクセスがブロックされていません: {missing}',
    },
    why: {
      en: 'One wrong ACL or policy would open the backups of everything to anybody.',
      ja: 'ACL やポリシーを 1 つ誤るだけで、全データのバックアップが誰にでも公開されます。',
    },
    fix: apply,
  },
} as const satisfies Readonly<Record<string, GuardFindingText>>;
