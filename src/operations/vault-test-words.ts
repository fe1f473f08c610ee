/** The steps that a small vault is put through, in words. */
import type { Bilingual } from '../base/language.ts';

export interface VaultStep {
  readonly name:
    | 'vault-made'
    | 'snapshot-stored'
    | 'snapshot-shared'
    | 'snapshot-read'
    | 'snapshot-verified'
    | 'snapshot-proven'
    | 'snapshot-removed';
  readonly what: Bilingual;
  readonly why: Bilingual;
  readonly mend: Bilingual;
  /** only where objects are locked */
  readonly locked?: true;
}

const seeAbove: Bilingual = {
  en: 'What failed above comes first; then the reason that is named here.',
  ja: '上に失敗があればそれを先に直し、次にここに示した原因を直してください。',
};

export const vaultSteps: readonly VaultStep[] = [
  {
    name: 'vault-made',
    what: { en: 'a small vault of this kind is made', ja: 'この種類の小さな保管先を作成できる' },
    why: {
      en: '`hikae vault create` would fail just so.',
      ja: '`hikae vault create` も同じ理由で失敗します。',
    },
    mend: seeAbove,
  },
  {
    name: 'snapshot-stored',
    what: { en: 'a snapshot is stored in it', ja: 'スナップショットを保存できる' },
    why: { en: 'Every backup would fail just so.', ja: 'バックアップも同じ理由で失敗します。' },
    mend: seeAbove,
  },
  {
    name: 'snapshot-shared',
    what: { en: 'a second one shares what has not changed', ja: '2 つ目が、変わらないものを共有する' },
    why: {
      en: 'The second day fails, or takes all the room again.',
      ja: '2 日目が失敗するか、全量をもう一度使います。',
    },
    mend: seeAbove,
  },
  {
    name: 'snapshot-read',
    what: { en: 'all files come back as they were', ja: 'すべてのファイルが元の内容で戻る' },
    why: { en: 'A backup that can not be read is none.', ja: '読めないバックアップには意味がありません。' },
    mend: seeAbove,
  },
  {
    name: 'snapshot-verified',
    what: { en: 'verify finds nothing', ja: 'verify で異常が見つからない' },
    why: {
      en: 'What is damaged at once will not be sound later.',
      ja: '保存直後に壊れているものは、後でも使えません。',
    },
    mend: seeAbove,
  },
  {
    name: 'snapshot-proven',
    what: { en: 'prove finds every object locked', ja: 'prove ですべてのロックを確認できる' },
    why: {
      en: 'What is not locked is at the mercy of whoever has the keys.',
      ja: 'ロックのないものは、認証キーを持つ者に破壊されます。',
    },
    mend: {
      en: '`hikae guard` says what the bucket or the keys lack.',
      ja: 'バケットや認証キーに何が足りないかは `hikae guard` で分かります。',
    },
    locked: true,
  },
  {
    name: 'snapshot-removed',
    what: { en: 'it is removed again, or stays where it is locked', ja: '削除できる(ロック中なら残る)' },
    why: { en: 'Retention would not make room.', ja: '世代整理で空きができません。' },
    mend: {
      en: 'Where these keys must not delete, as those of an uploader, this is as it should be: `hikae forget` runs elsewhere.',
      ja: 'アップロード専用など、削除できないキーを使う場合は正常です。`hikae forget` は権限のある側で実行してください。',
    },
  },
];
