/** The kinds of arguments and options that a command can have. */
import type { Bilingual } from '../base/language.ts';

export interface ArgumentSpec<Value> {
  readonly count: 'one' | 'optional' | 'many';
  readonly placeholder: string;
  readonly text: Bilingual;
  /** never set; it carries the type of what `run` gets */
  readonly value?: Value;
}

export interface OptionSpec<Value> {
  readonly kind: 'flag' | 'value' | 'list';
  readonly placeholder: string;
  readonly text: Bilingual;
  /** what a given text means; undefined refuses it, and `expected` then says what would have been right */
  readonly parse: (given: string) => unknown;
  readonly expected: string;
  readonly value?: Value;
}

export function one(placeholder: string, text: Bilingual): ArgumentSpec<string> {
  return { count: 'one', placeholder, text };
}

export function optional(placeholder: string, text: Bilingual): ArgumentSpec<string | undefined> {
  return { count: 'optional', placeholder, text };
}

/** None, one or more. */
export function many(placeholder: string, text: Bilingual): ArgumentSpec<readonly string[]> {
  return { count: 'many', placeholder, text };
}

export function flag(text: Bilingual): OptionSpec<boolean> {
  return { kind: 'flag', placeholder: '', text, parse: (given) => given, expected: '' };
}

export function value(placeholder: string, text: Bilingual): OptionSpec<string | undefined> {
  return { kind: 'value', placeholder, text, parse: (given) => given, expected: placeholder };
}

/** An option that may be given more than once. */
export function list(placeholder: string, text: Bilingual): OptionSpec<readonly string[]> {
  return { kind: 'list', placeholder, text, parse: (given) => given, expected: placeholder };
}

export function choice<const Choice extends string>(
  choices: readonly Choice[],
  text: Bilingual,
): OptionSpec<Choice | undefined> {
  const placeholder = choices.join('|');
  const parse = (given: string) => choices.find((known) => known === given);
  return { kind: 'value', placeholder, text, parse, expected: choices.join(', ') };
}

/** A value with a grammar of its own: `parse` gives undefined for what doesn't follow it. */
export function parsed<Value>(
  placeholder: string,
  text: Bilingual,
  grammar: { readonly parse: (given: string) => Value | undefined; readonly expected: string },
): OptionSpec<Value | undefined> {
  return { kind: 'value', placeholder, text, ...grammar };
}
