/** What can go wrong with the locks that the storage puts on a vault's objects. */
import { defineErrors } from '../../base/errors.ts';

export const lockErrors = defineErrors({
  VAULT_NOT_LOCKABLE: {
    exit: 2,
    message: {
      en: 'the policy wants the vault {path} locked, and its bucket has no {lacks}',
      ja: 'ポリシーは保管先 {path} のロックを求めていますが、バケットの{lacks}が有効ではありません',
    },
    hint: {
      en: 'Nothing was written. Make the bucket with Object Lock (it can also be switched on for one that has versions), or take `lock` out of the policy.',
      ja: '何も書き込んでいません。オブジェクトロックを有効にしてバケットを作る(バージョニング済みのバケットなら後から有効にできます)か、ポリシーから `lock` を外してください。',
    },
  },
  VAULT_CLOCK_OFF: {
    message: {
      en: 'the clock of this machine differs from that of the vault {path} by {minutes} minutes',
      ja: 'このマシンの時計が、保管先 {path} の時計と {minutes} 分ずれています',
    },
    hint: {
      en: 'Nothing was written: dates of locks and of retention would be wrong. Set the clock (`timedatectl`, chrony) and run the command again.',
      ja: '何も書き込んでいません(ロックや世代整理の期日が狂うため)。時計を合わせて(`timedatectl`、chrony)、もう一度実行してください。',
    },
  },
  VAULT_OBJECT_HIDDEN: {
    message: {
      en: 'the object {object} of the vault {path} was deleted or overwritten by somebody',
      ja: '保管先 {path} のオブジェクト {object} が、何者かに削除または上書きされています',
    },
    hint: {
      en: 'Nothing was published. Earlier snapshots can be read with --as-of. Find out who did it before you go on; then `hikae repair --undelete` lays the right version back on top.',
      ja: '何も公開していません。以前のスナップショットは --as-of で読めます。先に原因を突き止めてください。その後 `hikae repair --undelete` で正しいバージョンを最新に戻せます。',
    },
  },
  VAULT_OBJECT_LOST: {
    message: {
      en: 'the vault {path} has lost {object}, which the snapshot needs: {reason}',
      ja: '保管先 {path} から、スナップショットに必要な {object} が失われています: {reason}',
    },
    hint: {
      en: 'Nothing was published. Run `hikae verify --level full` to learn what else is affected.',
      ja: '何も公開していません。他に影響がないか `hikae verify --level full` で確かめてください。',
    },
  },
  SNAPSHOT_LOCKED: {
    message: {
      en: 'the snapshot {place} is locked until {until}',
      ja: 'スナップショット {place} は {until} までロックされています',
    },
    hint: {
      en: 'It was promised to stay until then. Run the command again after that time.',
      ja: 'その時刻までは保持が約束されています。期日の後にもう一度実行してください。',
    },
  },
});
