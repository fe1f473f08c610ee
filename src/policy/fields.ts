/**
 * The small values that the policy file is made of. Where a value is wrong the schema gives the name of a row of the
 * table in mistakes.ts as its message; the words for people are there.
 */
import * as z from 'zod';
import { isTimeZone } from '../base/calendar.ts';
import { parseDuration, parseLine, parseRate, parseShare } from '../base/quantities.ts';
import { parseAt } from './at.ts';
import { parseLocation } from './location.ts';
import type { MistakeCode } from './mistakes.ts';
import { namePattern } from './names.ts';
import { isAbsolutePath, normalPath } from './paths.ts';

/** What the reference page and editors tell of a field. `byDefault` is for defaults that depend on something. */
export type About = {
  readonly description: string;
  readonly ja: string;
  readonly examples?: unknown[];
  readonly byDefault?: string;
};

export function about(en: string, ja: string, examples?: unknown[], byDefault?: string): About {
  return {
    description: en,
    ja,
    ...(examples === undefined ? {} : { examples }),
    ...(byDefault === undefined ? {} : { byDefault }),
  };
}

const code = (mistake: MistakeCode): MistakeCode => mistake;

/**
 * Things by name. The names themselves are looked at in relations.ts, as a schema for them would keep what
 * is below a wrong name from being looked at.
 */
export function named<Value extends z.ZodType>(value: Value, none: MistakeCode) {
  return z
    .record(z.string(), value)
    .refine((things) => Object.keys(things).length > 0, code(none))
    .meta({ propertyNames: { pattern: namePattern.source } });
}

/** The name of a single file that a component's content is stored in. */
export const fileName = z
  .string()
  .refine(
    (text) => /^[^/\u0000-\u001f\u007f]{1,200}$/.test(text) && text !== '.' && text !== '..',
    code('file-name'),
  );

export const absolutePath = z.string().refine(isAbsolutePath, code('absolute-path')).transform(normalPath);

export const location = z.string().refine((text) => parseLocation(text) !== undefined, code('location'));

export const glob = z
  .string()
  .min(1, code('glob'))
  .refine((text) => !text.includes('\u0000'), code('glob'));

export const argv = z
  .array(z.string().refine((text) => !text.includes('\u0000'), code('argv')))
  .min(1, code('argv'))
  .refine((words) => words.length === 0 || words[0] !== '', code('argv'));

export const duration = parsed(parseDuration, 'duration');
export const rate = parsed(parseRate, 'rate');
export const line = parsed(parseLine, 'line');
export const share = parsed(parseShare, 'share');

/** A duration with bounds; they are told as a mistake of their own. */
export function durationWithin(least: number, most: number, mistake: MistakeCode) {
  return duration.refine((milliseconds) => milliseconds >= least && milliseconds <= most, code(mistake));
}

export const timeZone = z.string().refine(isTimeZone, code('time-zone'));
export const at = z.string().refine((text) => parseAt(text) !== undefined, code('at'));
export const language = z.enum(['en', 'ja']);

/** Secrets come by reference; a value written into the file is refused by its type. */
export const secret = oneOf(
  ['file', 'env', 'command'],
  z.strictObject(
    {
      file: absolutePath
        .optional()
        .meta(
          about(
            'A file that holds it, readable by its owner alone. One newline at the end is ignored.',
            '値を収めたファイル。所有者だけが読める必要があります。末尾の改行 1 つは無視します。',
            ['/etc/hikae/repository.pw'],
          ),
        ),
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, code('environment-name'))
        .optional()
        .meta(about('An environment variable that holds it.', '値を収めた環境変数。', ['HIKAE_PASSWORD'])),
      command: argv
        .optional()
        .meta(
          about(
            'A command that prints it (program and arguments, no shell).',
            '値を出力するコマンド（プログラムと引数。シェルは介しません）。',
            [['pass', 'show', 'hikae']],
          ),
        ),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? code('secret') : undefined) },
  ),
);

/** An object that says exactly one of these keys; seen also where other things in the object are wrong. */
export function oneOf<Shape extends z.ZodRawShape, Config extends z.core.$ZodObjectConfig>(
  keys: readonly (keyof Shape & string)[],
  object: z.ZodObject<Shape, Config>,
): z.ZodObject<Shape, Config> {
  return object.refine(
    (value: Readonly<Record<string, unknown>>) => keys.filter((key) => value[key] !== undefined).length === 1,
    {
      error: code('one-of'),
      params: { keys },
      when: ({ value }) => typeof value === 'object' && value !== null,
    },
  );
}

function parsed(parse: (text: string) => number | undefined, mistake: MistakeCode) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: code(mistake), input: text });
    return z.NEVER;
  });
}
