/** What can be wrong with who may do what: the bucket policy, the keys, the clock that signs. */
import type { Bilingual } from '../../base/language.ts';
import { apply, type GuardFindingText } from './finding-text.ts';

const byAdmin: Bilingual = {
  en: 'Take the right away from these keys; `hikae guard --terraform` writes roles that have only what each needs.',
  ja: 'このキーからその権限を外してください。必要最小限の権限を持つロールは `hikae guard --terraform` で出力できます。',
};

export const accessFindings = {
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
