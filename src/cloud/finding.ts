/** What guard can find wrong with a bucket, in facts and in words. */
import { type Bilingual, type Facts, fill, type Language } from '../base/language.ts';
import { accessFindings } from './findings/access.ts';
import type { Severity } from './findings/finding-text.ts';
import { lifecycleFindings } from './findings/lifecycle.ts';
import { settingFindings } from './findings/settings.ts';

export type { Severity };

export const guardFindings = { ...settingFindings, ...lifecycleFindings, ...accessFindings };

export type GuardFindingCode = keyof typeof guardFindings;

export interface GuardFinding {
  readonly code: GuardFindingCode;
  readonly facts: Facts;
}

/** A finding in words. */
export interface SpelledFinding extends GuardFinding {
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

export function spellFinding({ code, facts }: GuardFinding, language: Language): SpelledFinding {
  const { severity, what, why, fix } = guardFindings[code];
  const text = (of: Bilingual) => fill(of[language], facts);
  return { code, severity, facts, what: text(what), why: text(why), fix: text(fix) };
}
