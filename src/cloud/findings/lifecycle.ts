/** What can be wrong with lifecycle rules. */
import { apply, type GuardFindingText } from './finding-text.ts';

export const lifecycleFindings = {
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
} as const satisfies Readonly<Record<string, GuardFindingText>>;
