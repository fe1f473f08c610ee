/** The errors of the ledger. All but LEDGER_NEWER are told and not thrown: a ledger never stops a run. */
import { defineErrors } from '../base/errors.ts';

export const ledgerErrors = defineErrors({
  LEDGER_NEWER: {
    message: {
      en: '{file} was written by a newer hikae: its version is {found}, and this one knows {known}',
      ja: '{file} は新しい版の hikae で書かれています(形式の版 {found}、この hikae が扱える版は {known})',
    },
    hint: {
      en: 'Update hikae on this machine, or give it another `state` folder.',
      ja: 'このマシンの hikae を更新するか、`state` に別のフォルダーを指定してください。',
    },
  },
  LEDGER_UNWRITABLE: {
    message: {
      en: '{file} could not be written: {reason}; runs go on unrecorded',
      ja: '{file} に書き込めませんでした: {reason}。処理は記録なしで続けます',
    },
    hint: {
      en: 'Look at the free space, the owner and the mode of the `state` folder.',
      ja: '`state` フォルダーの空き容量、所有者、モードを確認してください。',
    },
  },
  LEDGER_UNREADABLE: {
    message: {
      en: '{file} could not be read in part: {reason}; it is taken as if nothing were known',
      ja: '{file} の一部を読み取れませんでした: {reason}。記録がないものとして扱います',
    },
    hint: {
      en: 'No snapshot depends on it. If this stays so, move the file away; hikae begins a new one.',
      ja: 'スナップショットには影響しません。続く場合はファイルを別の場所に移してください。hikae が新しく作り直します。',
    },
  },
  LEDGER_VALUE: {
    message: {
      en: 'the column {column} holds {value}, which can not be',
      ja: '列 {column} にあり得ない値 {value} があります',
    },
    hint: {
      en: 'The ledger was changed by something else than hikae, or is damaged.',
      ja: '台帳が hikae 以外によって変更されたか、壊れています。',
    },
  },
  LEDGER_BUSY: {
    transient: true,
    message: {
      en: '{file} is held by another process',
      ja: '{file} は別のプロセスが使用中です',
    },
    hint: {
      en: 'Another hikae is setting up the same ledger; it should be done within seconds.',
      ja: '別の hikae が同じ台帳を準備しています。通常は数秒で終わります。',
    },
  },
});
