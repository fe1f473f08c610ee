/** What the schema finds wrong, as mistakes that a person understands. */
import type * as z from 'zod';
import type { Bilingual } from '../base/language.ts';
import type { MistakeAt, Path } from './document.ts';
import { type Mistake, type MistakeCode, mistakeTexts, typeWords } from './mistakes.ts';
import { nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;

/** For `safeParse`: an unknown key carries the keys that are known there, everything else no text. */
export const issueMessages: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return issue.code;
  const definition = issue.inst?._zod.def;
  if (definition === undefined) return '';
  if (isObjectDefinition(definition)) return Object.keys(definition.shape).join(' ');
  return isRecordDefinition(definition) ? [...(definition.keyType._zod.values ?? [])].join(' ') : '';
};

export function mistakesOf(
  issues: readonly Issue[],
  data: unknown,
  mistakeAt: MistakeAt,
): readonly Mistake[] {
  return issues.flatMap((issue) => ofIssue(issue, issue.path, data, mistakeAt));
}

function ofIssue(issue: Issue, path: Path, data: unknown, mistakeAt: MistakeAt): readonly Mistake[] {
  const found = valueAt(data, path);
  const value = shown(found);
  if (isMistakeCode(issue.message)) {
    const keys = issue.code === 'custom' ? issue.params?.keys : undefined;
    return [
      mistakeAt(issue.message, path, { value, ...(Array.isArray(keys) ? { keys: keys.map(String) } : {}) }),
    ];
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.message.split(' ');
      return issue.keys.map((key) => {
        const suggestion = nearest(key, known);
        return mistakeAt('unknown-key', [...path, key], { key, known }, { key: true, suggestion });
      });
    }
    case 'invalid_type': {
      if (found === undefined) {
        return [mistakeAt('missing', path, { key: String(path.at(-1) ?? '') })];
      }
      return [
        mistakeAt('type', path, { expected: typeWord(issue.expected), found: typeWord(typeOf(found)) }),
      ];
    }
    case 'invalid_value': {
      if (found === undefined) return [mistakeAt('missing', path, { key: String(path.at(-1) ?? '') })];
      const choices = issue.values.map(String);
      const suggestion = typeof found === 'string' ? nearest(found, choices) : undefined;
      return [mistakeAt('choice', path, { value, choices }, { suggestion })];
    }
    case 'invalid_union':
      return ofUnion(issue, path, data, mistakeAt);
    case 'too_small':
      if (issue.origin === 'array') return [mistakeAt('too-few', path, { least: issue.minimum })];
      if (issue.origin === 'string') return [mistakeAt('empty-text', path)];
      return [mistakeAt('too-small', path, { value, least: issue.minimum })];
    case 'too_big':
      return [mistakeAt('too-large', path, { value, most: issue.maximum })];
    default:
      return [mistakeAt('format', path, { value })];
  }
}

/** One value that may have several types: told by the one that it has, or else by all that it may have. */
function ofUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  data: unknown,
  mistakeAt: MistakeAt,
): readonly Mistake[] {
  const found = valueAt(data, path);
  if (found === undefined) return [mistakeAt('missing', path, { key: String(path.at(-1) ?? '') })];
  const meant = issue.errors.find(
    (branch) => !branch.some((inner) => inner.path.length === 0 && isOfType(inner)),
  );
  if (meant !== undefined) {
    return meant.flatMap((inner) => ofIssue(inner, [...path, ...inner.path], data, mistakeAt));
  }
  const expected = issue.errors.flat().flatMap((inner): Bilingual[] => {
    if (inner.code === 'invalid_type') return [typeWord(inner.expected)];
    return inner.code === 'invalid_value' ? inner.values.map((word) => both(`"${String(word)}"`)) : [];
  });
  return [
    mistakeAt('type', path, {
      expected: {
        en: expected.map((word) => word.en).join(' or '),
        ja: expected.map((word) => word.ja).join('か'),
      },
      found: typeof found === 'string' ? both(shown(found)) : typeWord(typeOf(found)),
    }),
  ];
}

function isOfType(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function both(text: string): Bilingual {
  return { en: text, ja: text };
}

function isMistakeCode(text: string): text is MistakeCode {
  return Object.hasOwn(mistakeTexts, text);
}

function typeWord(type: string): Bilingual {
  return typeWords[type] ?? both(type);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A value as it is quoted in a mistake, cut where it is long. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? `"${withoutPassword(value)}"` : (JSON.stringify(value) ?? '');
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

/** What is wrong with an address may be the password in it, and mistakes are printed and kept. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^\s/:@]*:)[^\s/]*@/, '$1[secret]@');
}

export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function isObjectDefinition(
  definition: z.core.$ZodTypeDef | z.core.$ZodCheckDef,
): definition is z.core.$ZodObjectDef {
  return 'shape' in definition;
}

function isRecordDefinition(
  definition: z.core.$ZodTypeDef | z.core.$ZodCheckDef,
): definition is z.core.$ZodRecordDef {
  return 'keyType' in definition;
}
