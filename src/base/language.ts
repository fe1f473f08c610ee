/** The languages that hikae speaks, and texts that exist in each of them. */

export type Language = 'en' | 'ja';

export const languages: readonly Language[] = ['en', 'ja'];

/** One text in every language. Placeholders are `{name}`. */
export interface Bilingual {
  readonly en: string;
  readonly ja: string;
}

/** What may stand in a placeholder; it is shown with its control characters escaped. */
export type Fact = string | number | bigint | boolean | readonly string[];
export type Facts = Readonly<Record<string, Fact>>;

/** The names of the placeholders in a template, as a type, so that a missing value doesn't compile. */
export type PlaceholdersOf<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholdersOf<Rest>
  : never;

/**
 * Puts facts into a template. A placeholder without a fact stays visible, so that a
 * wrong template is seen in a test rather than hidden behind an empty word.
 */
export function fill(template: string, facts: Facts): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const fact = facts[name];
    return fact === undefined ? whole : printable(Array.isArray(fact) ? fact.join(', ') : String(fact));
  });
}

/** A text that a terminal shows as it is: control characters, which could move its cursor, are escaped. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** The language that a locale such as `ja_JP.UTF-8` asks for; English where it names neither. */
export function languageOfLocale(locale: string | undefined): Language {
  return locale?.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}
