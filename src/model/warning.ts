/** What `warning` events tell: something about the set-up that a person should look at. */
import type { Bilingual } from '../base/language.ts';

export const warnings = {
  'subscriber-failed': {
    en: 'part of what follows will not be shown or recorded: {reason}',
    ja: 'これ以降、表示または記録の一部が欠けます: {reason}',
  },
} as const satisfies Record<string, Bilingual>;

/** The text for a code; one that is not in the table is shown by its name, with its facts. */
export function warningText(code: string): Bilingual | undefined {
  return (warnings as Readonly<Record<string, Bilingual>>)[code];
}
