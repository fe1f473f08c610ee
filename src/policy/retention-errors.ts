/** The errors of retention. */
import { defineErrors } from '../base/errors.ts';

export const retentionErrors = defineErrors({
  FORGET_LIMIT: {
    exit: 1,
    message: {
      en: '{removals} snapshots of {target} in {vault} would be removed, and without consent it may be {allowed}: one more than were added since the last removal',
      ja: '{vault} にある {target} のスナップショットが {removals} 件削除されることになりますが、確認なしに削除できるのは {allowed} 件(前回の削除以降に増えた数に 1 を足した数)までです',
    },
    hint: {
      en: 'Look at `hikae forget --dry-run`. If all of them may go, run `hikae forget --yes`.',
      ja: '`hikae forget --dry-run` で内容を確認してください。すべて削除してよい場合は `hikae forget --yes` を実行してください。',
    },
  },
});
