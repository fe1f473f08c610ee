/** How an error is shown: what happened, what to do about it, and its code. */
import { Cancelled } from '../base/abort.ts';
import { HikaeError } from '../base/errors.ts';
import { type Bilingual, type Facts, fill, type Language, printable } from '../base/language.ts';

const texts = {
  cancelled: { en: 'cancelled', ja: '中断しました' },
  bug: {
    en: 'this is a bug in hikae, and no fault of yours: {message}',
    ja: 'hikae の不具合です（操作の誤りではありません）: {message}',
  },
  bugHint: {
    en: 'Please report it with the lines below, as SECURITY.md and CONTRIBUTING.md say. Earlier snapshots are not affected.',
    ja: 'CONTRIBUTING.md・SECURITY.md に従い、下の行を添えて報告してください。これまでのスナップショットに影響はありません。',
  },
} as const satisfies Record<string, Bilingual>;

interface FailureView {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Facts;
}

/** The lines that a person reads on stderr. */
export function describeFailure(error: unknown, language: Language): string[] {
  if (error instanceof Cancelled) return [`hikae: ${texts.cancelled[language]}`];
  const { code, message, hint } = view(error, language);
  const lines = [...`hikae: ${message}`.split('\n'), `→ ${hint}`, `  (${code})`];
  return error instanceof HikaeError ? lines : [...lines, ...stackOf(error)];
}

/** The result that a command with --json gives in place of the one that was asked for. */
export function failureResult(error: unknown, language: Language): { readonly error: FailureView } {
  if (error instanceof Cancelled) {
    return { error: { code: 'CANCELLED', message: texts.cancelled[language], hint: '', details: {} } };
  }
  const stack = error instanceof HikaeError ? {} : { stack: stackOf(error) };
  const shown = view(error, language);
  return { error: { ...shown, details: { ...shown.details, ...stack } } };
}

function view(error: unknown, language: Language): FailureView {
  if (error instanceof HikaeError) {
    return { code: error.code, ...error.in(language), details: error.details };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'BUG',
    message: fill(texts.bug[language], { message }),
    hint: texts.bugHint[language],
    details: {},
  };
}

/** The stack, and those of what caused it. */
function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? `${error.name}: ${error.message}`).split('\n').map(printable);
  return error.cause === undefined ? own : [...own, 'caused by:', ...stackOf(error.cause)];
}
