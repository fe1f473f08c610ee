/** What can go wrong with a plain vault that lies elsewhere, besides what all vaults have in common. */
import { defineErrors } from '../../../base/errors.ts';

export const elsewhereErrors = defineErrors({
  VAULT_LOCKED_ELSEWHERE: {
    exit: 11,
    transient: true,
    message: {
      en: 'process {pid} on {host} is writing to the vault {path}, last seen {since}',
      ja: '{host} のプロセス {pid} が保管先 {path} に書き込み中です(最終確認 {since})',
    },
    hint: {
      en: 'Wait for it to end. If that machine is gone, its lock counts for nothing half an hour after it was last seen; `hikae unlock --all --vault {path}` removes it at once.',
      ja: '終わるまで待ってください。そのマシンがもう動いていない場合、ロックは最終確認から 30 分で無効になります。`hikae unlock --all --vault {path}` ですぐに外すこともできます。',
    },
  },
  VAULT_WRITE_LOCK_LOST: {
    message: {
      en: 'the lock of the vault {path} was lost: {reason}',
      ja: '保管先 {path} のロックが失われました: {reason}',
    },
    hint: {
      en: 'Nothing was published. What was sent is used by the next run; look at the line, and at whether another host writes there.',
      ja: '何も公開していません。送信済みの分は次の実行で使われます。回線と、別のホストが書き込んでいないかを確かめてください。',
    },
  },
});
