/** The form of every finding: what it is, why it matters, and what to do. */
import type { Bilingual } from '../../base/language.ts';

/** `critical`: what the policy promises does not hold. `warning`: something stands in its way. `advice`: money, order. */
export type Severity = 'critical' | 'warning' | 'advice';

export interface GuardFindingText {
  readonly severity: Severity;
  readonly what: Bilingual;
  readonly why: Bilingual;
  readonly fix: Bilingual;
}

/** What most findings are mended by. */
export const apply: Bilingual = {
  en: '`hikae guard --apply` sets it; `--dry-run` shows beforehand what would change.',
  ja: '`hikae guard --apply` で設定できます。変更内容は `--dry-run` で事前に確かめられます。',
};
