/**
 * The one error class of hikae, and the tables that each room declares its errors in.
 *
 * Where an error is seen first, its `code` and `transient` are decided, once; everybody
 * above reads these fields and never the text. A programming fault is not a HikaeError:
 * it stays what it is and is shown as a bug, with its stack.
 */
import { type Bilingual, type Facts, fill, type Language, type PlaceholdersOf } from './language.ts';

/** Exit codes that an error can end the command with; see the table in docs/reference/exit-codes.md. */
export type ErrorExit = 1 | 2 | 10 | 11 | 12 | 21;

/** One row of a room's table of errors. `message` says what happened, `hint` what to do about it. */
export interface ErrorSpec {
  readonly exit?: ErrorExit;
  /** true when the same call may succeed a little later */
  readonly transient?: boolean;
  readonly message: Bilingual;
  readonly hint: Bilingual;
}

export class HikaeError extends Error {
  override readonly name = 'HikaeError';
  readonly code: string;
  readonly hint: string;
  readonly details: Facts;
  readonly transient: boolean;
  readonly exit: ErrorExit;
  readonly #spec: ErrorSpec;

  constructor(code: string, spec: ErrorSpec, details: Facts, options: { cause?: unknown } = {}) {
    super(fill(spec.message.en, details), options);
    this.code = code;
    this.hint = fill(spec.hint.en, details);
    this.details = details;
    this.transient = spec.transient ?? false;
    this.exit = spec.exit ?? 1;
    this.#spec = spec;
  }

  /** Message and hint as a person reads them. */
  in(language: Language): { message: string; hint: string } {
    return {
      message: fill(this.#spec.message[language], this.details),
      hint: fill(this.#spec.hint[language], this.details),
    };
  }

  toJSON(): { code: string; message: string; hint: string; details: Facts; transient: boolean } {
    const { code, message, hint, details, transient } = this;
    return { code, message, hint, details, transient };
  }
}

type DetailsOf<Spec> = Spec extends {
  message: { en: infer M extends string };
  hint: { en: infer H extends string };
}
  ? { readonly [Name in PlaceholdersOf<M> | PlaceholdersOf<H>]: Facts[string] }
  : never;

type ErrorFactories<Specs> = {
  readonly [Code in keyof Specs]: (
    details: DetailsOf<Specs[Code]>,
    options?: { cause?: unknown },
  ) => HikaeError;
};

/**
 * Makes a room's errors from its table: one function for each code, which wants a value for
 * every placeholder of the English text. The table itself stays readable, for the documents.
 */
export function defineErrors<const Specs extends Readonly<Record<string, ErrorSpec>>>(
  specs: Specs,
): ErrorFactories<Specs> & { readonly specs: Specs } {
  const factories: Record<string, unknown> = { specs };
  for (const [code, spec] of Object.entries(specs)) {
    factories[code] = (details: Facts, options?: { cause?: unknown }) =>
      new HikaeError(code, spec, details, options);
  }
  return factories as ErrorFactories<Specs> & { readonly specs: Specs };
}

/** True for an error of hikae's own, with one of these codes when any are given. */
export function isHikaeError(error: unknown, ...codes: readonly string[]): error is HikaeError {
  return error instanceof HikaeError && (codes.length === 0 || codes.includes(error.code));
}

/** The `code` of an operating system error such as ENOENT; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error instanceof HikaeError) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
