/** Texts in both languages, with facts that may themselves be a word in both. */
import { type Bilingual, type Fact, fill } from '../base/language.ts';

export type Word = Fact | Bilingual;
export type Words = Readonly<Record<string, Word>>;

export function say(template: Bilingual, words: Words = {}): Bilingual {
  return { en: fill(template.en, inLanguage(words, 'en')), ja: fill(template.ja, inLanguage(words, 'ja')) };
}

function inLanguage(words: Words, language: keyof Bilingual): Record<string, Fact> {
  return Object.fromEntries(
    Object.entries(words).map(([key, word]) => [key, isBilingual(word) ? word[language] : word]),
  );
}

function isBilingual(word: Word): word is Bilingual {
  return typeof word === 'object' && 'ja' in word;
}
