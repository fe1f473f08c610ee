/** What can end a restore of files as a whole; what concerns one entry only is a trouble of that entry. */
import { defineErrors } from '../../../base/errors.ts';

export const restoreErrors = defineErrors({
  RESTORE_UNSAFE_PATH: {
    message: {
      en: 'the snapshot holds an entry that no file system can hold, so nothing is restored from it: {path} ({reason})',
      ja: 'スナップショットに、ファイルシステムには存在し得ない項目があるため、何も復元しません: {path}({reason})',
    },
    hint: {
      en: 'The snapshot is damaged or was forged. Verify the vault and restore from another copy.',
      ja: 'スナップショットが壊れているか、偽造されています。保管先を verify で検査し、別のコピーから復元してください。',
    },
  },
  RESTORE_DESTINATION: {
    message: {
      en: 'the destination {path} cannot be used: {reason}',
      ja: '復元先 {path} を使用できません: {reason}',
    },
    hint: {
      en: 'Give a folder, or a path below a folder, that who runs hikae may write to.',
      ja: 'hikae を実行するユーザーが書き込めるフォルダー、またはその下のパスを指定してください。',
    },
  },
  RESTORE_UNTRUSTED_LINK: {
    message: {
      en: 'on the way to {path} lies a symbolic link of another user (uid {uid}), which a restore does not follow',
      ja: '{path} への途中に別のユーザー(uid {uid})のシンボリックリンクがあるため、復元ではたどりません',
    },
    hint: {
      en: 'Make the link belong to root if it is wanted, or restore to a folder with --to.',
      ja: '必要なリンクであれば所有者を root にするか、--to でフォルダーへ復元してください。',
    },
  },
  RESTORE_NO_ROOM: {
    message: {
      en: 'the restore needs {needed} on the file system of {path}, where {free} are free; nothing was changed',
      ja: '復元には {path} のファイルシステムに {needed} が必要ですが、空きは {free} です。何も変更していません',
    },
    hint: {
      en: 'Make room there, restore fewer components, or restore to another disk with --to.',
      ja: '空きを増やすか、復元するコンポーネントを減らすか、--to で別のディスクへ復元してください。',
    },
  },
  RESTORE_NO_SPACE: {
    message: {
      en: 'the file system became full while {path} was restored ({reason})',
      ja: '{path} の復元中にファイルシステムがいっぱいになりました({reason})',
    },
    hint: {
      en: 'Make room and run the same restore again: it does only what is missing.',
      ja: '空きを増やして同じ復元をもう一度実行してください。残りの分だけを復元します。',
    },
  },
  RESTORE_READ_ONLY: {
    message: {
      en: '{path} cannot be restored, because its file system is mounted read-only',
      ja: '{path} のファイルシステムは読み取り専用でマウントされているため、復元できません',
    },
    hint: {
      en: 'Mount it writable and run the same restore again, or restore to a folder with --to.',
      ja: '書き込み可能でマウントして同じ復元をもう一度実行するか、--to でフォルダーへ復元してください。',
    },
  },
  RESTORE_SNAPSHOT_CHANGED: {
    message: {
      en: 'the snapshot is not the one that the restore was planned from: {component} has another number of entries',
      ja: 'スナップショットが計画時のものと異なります。{component} の項目数が変わっています',
    },
    hint: {
      en: 'Verify the vault, and run the restore again to plan it anew.',
      ja: '保管先を verify で検査し、復元をもう一度実行して計画を作り直してください。',
    },
  },
  RESTORE_SYNC_FAILED: {
    message: {
      en: 'what was restored could not be written to the disk for certain: {reason}',
      ja: '復元した内容をディスクへ確実に書き込めませんでした: {reason}',
    },
    hint: {
      en: 'The disk may be failing: look at the kernel log, then run the same restore again.',
      ja: 'ディスクの故障が考えられます。カーネルログを確認してから、同じ復元をもう一度実行してください。',
    },
  },
});

/** Failures that every further entry would meet too: a restore ends with them. */
export function fatalError(code: string, path: string, cause: unknown): Error | undefined {
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return restoreErrors.RESTORE_NO_SPACE({ path, reason: code }, { cause });
  if (code === 'EROFS') return restoreErrors.RESTORE_READ_ONLY({ path }, { cause });
  return undefined;
}
