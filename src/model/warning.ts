/** What `warning` events tell: something about the set-up that a person should look at. */
import type { Bilingual } from '../base/language.ts';

export const warnings = {
  'subscriber-failed': {
    en: 'part of what follows will not be shown or recorded: {reason}',
    ja: 'これ以降、表示または記録の一部が欠けます: {reason}',
  },
  'other-vault': {
    en: 'the snapshot goes to the vault {vault}, because {wanted} is out of reach: {reason}',
    ja: '{wanted} に届かないため、スナップショットは保管先 {vault} に書き込みます: {reason}',
  },
  'ledger-set-aside': {
    en: 'the record of runs was damaged and begun anew; the old one is {path}',
    ja: '実行記録が壊れていたため新しく始めました。古いものは {path} にあります',
  },
  'ledger-trouble': {
    en: 'the record of runs has trouble: {reason}',
    ja: '実行記録に問題があります: {reason}',
  },
  'run-interrupted': {
    en: 'the {verb} that began at {started} was interrupted',
    ja: '{started} に始まった {verb} は中断されていました',
  },
  'not-acting': {
    en: 'the policy says at {path} what hikae does not do yet: {text}',
    ja: 'ポリシーの {path} はまだ実行されません: {text}',
  },
  'snapshot-unreadable': {
    en: '{place} in the vault {vault} can not be read as a snapshot: {reason}',
    ja: '保管先 {vault} の {place} はスナップショットとして読めません: {reason}',
  },
  'next-vault': {
    en: 'the vault {vault} does not serve: {reason}; the next one is tried',
    ja: '保管先 {vault} は使えません: {reason}。次の保管先を試します',
  },
} as const satisfies Record<string, Bilingual>;

/** The text for a code; one that is not in the table is shown by its name, with its facts. */
export function warningText(code: string): Bilingual | undefined {
  return (warnings as Readonly<Record<string, Bilingual>>)[code];
}
