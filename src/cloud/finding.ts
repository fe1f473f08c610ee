/** What guard can find wrong with a bucket: what it is, why it matters, and what to do. One row for each. */
import { type Bilingual, type Facts, fill, type Language } from '../base/language.ts';

/** `critical`: what the policy promises does not hold. `warning`: something stands in its way. `advice`: money, order. */
export type Severity = 'critical' | 'warning' | 'advice';

export type GuardFindingCode = keyof typeof guardFindings;

export interface GuardFinding {
  readonly code: GuardFindingCode;
  readonly facts: Facts;
}

interface GuardFindingText {
  readonly severity: Severity;
  readonly what: Bilingual;
  readonly why: Bilingual;
  readonly fix: Bilingual;
}

const apply: Bilingual = {
  en: '`hikae guard --apply` sets it; `--dry-run` shows beforehand what would change.',
  ja: '`hikae guard --apply` で設定できます。変更内容は `--dry-run` で事前に確かめられます。',
};

const byAdmin: Bilingual = {
  en: 'Take the right away from these keys; `hikae guard --terraform` writes roles that have only what each needs.',
  ja: 'このキーからその権限を外してください。必要最小限の権限を持つロールは `hikae guard --terraform` で出力できます。',
};

export const guardFindings = {
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
  'lifecycle-hides': {
    severity: 'critical',
    what: {
      en: 'the lifecycle rule {rule} removes objects of this vault after {days} days',
      ja: 'ライフサイクルルール {rule} が、この保管先のオブジェクトを {days} 日後に削除します',
    },
    why: {
      en: 'Today’s snapshot needs objects that are older than that: it would hide them, and delete them when their lock ends.',
      ja: '今日のスナップショットもそれより古いオブジェクトを使います。ルールはそれらを隠し、ロックが切れた時点で削除します。',
    },
    fix: {
      en: 'Remove the rule (`hikae guard --apply` does). `hikae forget` and `hikae prune` remove what no snapshot needs.',
      ja: 'ルールを削除してください（`hikae guard --apply` でもできます）。不要なものは `hikae forget` と `hikae prune` が削除します。',
    },
  },
  'lifecycle-noncurrent-early': {
    severity: 'warning',
    what: {
      en: 'the lifecycle rule {rule} removes versions {days} days after they were hidden; they should stay for {wanted}',
      ja: 'ライフサイクルルール {rule} は、隠された版を {days} 日後に削除します（{wanted} 日は残すべきです）',
    },
    why: {
      en: 'Who overwrites or deletes an object makes its good version noncurrent at once; only a lock keeps it then.',
      ja: '上書きや削除をされると正しい版は直ちに非現行になり、以後それを守るのはロックだけになります。',
    },
    fix: apply,
  },
  'lifecycle-no-noncurrent': {
    severity: 'advice',
    what: {
      en: 'no lifecycle rule removes versions that were deleted',
      ja: '削除済みの版を消すライフサイクルルールがありません',
    },
    why: {
      en: 'In a versioned bucket a deletion only hides: what is forgotten is paid for until somebody removes the version.',
      ja: 'バージョニングされたバケットでは削除しても隠れるだけで、版を消すまで料金がかかり続けます。',
    },
    fix: apply,
  },
  'lifecycle-no-markers': {
    severity: 'advice',
    what: {
      en: 'no lifecycle rule removes delete markers that hide nothing any more',
      ja: '不要になった削除マーカーを消すライフサイクルルールがありません',
    },
    why: {
      en: 'They pile up, and every listing reads past them.',
      ja: '溜まり続け、一覧のたびに読み飛ばすことになります。',
    },
    fix: apply,
  },
  'lifecycle-no-unfinished': {
    severity: 'advice',
    what: {
      en: 'no lifecycle rule removes uploads that were never finished',
      ja: '中断されたアップロードを消すライフサイクルルールがありません',
    },
    why: {
      en: 'Parts of an upload that was cut off are paid for, and no listing of objects shows them.',
      ja: '途切れたアップロードの断片にも料金がかかり、オブジェクトの一覧には現れません。',
    },
    fix: apply,
  },
  'lifecycle-no-locks': {
    severity: 'advice',
    what: {
      en: 'no lifecycle rule removes what is left of {prefix}',
      ja: '{prefix} に残ったものを消すライフサイクルルールがありません',
    },
    why: {
      en: 'Locks of a repository and objects of tamper tests live for minutes; what a crash leaves is never removed.',
      ja: 'リポジトリーのロックや改ざんテストのオブジェクトは数分で用が済みますが、異常終了で残ると消えません。',
    },
    fix: apply,
  },
  'lifecycle-archives': {
    severity: 'warning',
    what: {
      en: 'the lifecycle rule {rule} moves objects of this vault to {class} after {days} days',
      ja: 'ライフサイクルルール {rule} が、この保管先のオブジェクトを {days} 日後に {class} へ移します',
    },
    why: {
      en: 'Each has to be ordered and waited for ({hours} hours) before it can be read: restore, verify and prune fail until then.',
      ja: '読むには取り出しの申請と待ち時間（約 {hours} 時間）が必要で、それまで復元・検証・整理が失敗します。',
    },
    fix: {
      en: 'Remove the transition, or move to a class that is read at once.',
      ja: '移行を外すか、すぐ読めるクラスを使ってください。',
    },
  },
  'lifecycle-costs-more': {
    severity: 'warning',
    what: {
      en: 'to move objects of {size} bytes to {class} (rule {rule}) costs {factor} times as much as to leave them',
      ja: '平均 {size} バイトのオブジェクトを {class} に移すと（ルール {rule}）、移さない場合の {factor} 倍の費用になります',
    },
    why: {
      en: 'Each move is charged, small objects are billed as larger ones, and at least {least} days are billed.',
      ja: '移行 1 件ごとに料金がかかり、小さなものは大きさを切り上げて、また最低 {least} 日分が請求されます。',
    },
    fix: { en: 'Remove the transition.', ja: '移行を外してください。' },
  },
  'lifecycle-floor': {
    severity: 'advice',
    what: {
      en: 'the rule {rule} to {class} does nothing for objects under 128 KB, as most here are',
      ja: '{class} へのルール {rule} は 128 KB 未満のオブジェクトには働きません（ここの大半が該当します）',
    },
    why: {
      en: 'S3 leaves small objects where they are unless told otherwise.',
      ja: '特に指定しない限り、S3 は小さなオブジェクトを移しません。',
    },
    fix: {
      en: 'Remove the transition: for objects of this size it would cost more than it saves.',
      ja: '移行を外してください。この大きさでは移すほうが高くつきます。',
    },
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
  'plain-http': {
    severity: 'warning',
    what: { en: 'requests without TLS are not denied', ja: 'TLS を使わないリクエストが拒否されません' },
    why: {
      en: 'A tool that is set up wrongly would send data that anybody on the way reads.',
      ja: '設定を誤ったツールが、途中で読み取れる形でデータを送ってしまいます。',
    },
    fix: apply,
  },
  'policy-allows': {
    severity: 'warning',
    what: {
      en: 'the bucket policy allows {principals} to do this: {actions}',
      ja: 'バケットポリシーが {principals} に次の操作を許可しています: {actions}',
    },
    why: {
      en: 'With that right the protection can be weakened for everything that is stored from then on.',
      ja: 'その権限があれば、以後に保存されるものの保護を弱められます。',
    },
    fix: {
      en: 'Remove the statement {sid} from the bucket policy.',
      ja: 'バケットポリシーから {sid} の文を削除してください。',
    },
  },
  'policy-public': {
    severity: 'critical',
    what: {
      en: 'the bucket policy allows anybody to do this: {actions}',
      ja: 'バケットポリシーが誰にでも次の操作を許可しています: {actions}',
    },
    why: { en: 'The backups are open to the world.', ja: 'バックアップが外部に公開されています。' },
    fix: {
      en: 'Remove the statement {sid} from the bucket policy.',
      ja: 'バケットポリシーから {sid} の文を削除してください。',
    },
  },
  'versions-deletable': {
    severity: 'warning',
    what: {
      en: 'no statement denies everybody to delete versions',
      ja: '版の削除を全員に禁じる文がバケットポリシーにありません',
    },
    why: {
      en: 'What is not locked, or no longer, can be deleted for good by whoever has an identity that allows it.',
      ja: 'ロックされていないもの、ロックが切れたものは、権限のある者なら完全に削除できます。',
    },
    fix: apply,
  },
  'lock-uncapped': {
    severity: 'warning',
    what: {
      en: 'nothing stops a lock of more than {most} days',
      ja: '{most} 日を超えるロックを防ぐ設定がありません',
    },
    why: {
      en: 'A thief with the keys of the host may lock everything for a hundred years; in COMPLIANCE mode that is paid for.',
      ja: '認証キーを盗んだ者が 100 年のロックを掛けることもでき、COMPLIANCE ではその間ずっと料金がかかります。',
    },
    fix: apply,
  },
  'lock-shortable': {
    severity: 'warning',
    what: {
      en: 'nothing stops a lock of fewer than {least} days',
      ja: '{least} 日に満たないロックを防ぐ設定がありません',
    },
    why: {
      en: 'A date in the request wins over the default of the bucket: a thief stores new snapshots that vanish tomorrow.',
      ja: 'リクエストで指定した期日はデフォルトより優先されます。明日には消せるスナップショットを置かれてしまいます。',
    },
    fix: apply,
  },
  'clock-off': {
    severity: 'warning',
    what: {
      en: 'the clock of this machine is {seconds} seconds away from that of the server',
      ja: 'このマシンの時計がサーバーと {seconds} 秒ずれています',
    },
    why: {
      en: 'Dates of locks and of snapshots follow the clock; from 15 minutes on the server refuses every request.',
      ja: 'ロックの期日もスナップショットの日付も時計に従います。15 分を超えると、サーバーはすべてのリクエストを拒否します。',
    },
    fix: { en: 'Set it by NTP (`timedatectl`).', ja: 'NTP で合わせてください（`timedatectl`）。' },
  },
  'key-old': {
    severity: 'warning',
    what: {
      en: 'the access key {key} is {days} days old, more than {most}',
      ja: 'アクセスキー {key} は作成から {days} 日で、{most} 日を超えています',
    },
    why: {
      en: 'The longer a key has been in use, the more places it may have leaked from.',
      ja: '長く使うほど、漏れている可能性が高くなります。',
    },
    fix: {
      en: 'Make a new key, put it in place, see a run succeed, then disable the old one.',
      ja: '新しいキーを作って差し替え、実行の成功を確かめてから、古いキーを無効にしてください。',
    },
  },
  'rights-too-many': {
    severity: 'warning',
    what: {
      en: 'the keys in use may do what no uploader needs: {actions}',
      ja: '使用中のキーに、アップロードには不要な権限があります: {actions}',
    },
    why: {
      en: 'Whoever breaks into this host has these rights as well.',
      ja: 'このホストに侵入した者も同じ権限を持つことになります。',
    },
    fix: byAdmin,
  },
} as const satisfies Readonly<Record<string, GuardFindingText>>;

/** A finding in words. */
export interface SpelledFinding extends GuardFinding {
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

export function spellFinding({ code, facts }: GuardFinding, language: Language): SpelledFinding {
  const { severity, what, why, fix } = guardFindings[code];
  const text = (of: Bilingual) => fill(of[language], facts);
  return { code, severity, facts, what: text(what), why: text(why), fix: text(fix) };
}
