/** From the text of a policy file to a policy, or to all the mistakes in it at once. */
import { readFile, stat } from 'node:fs/promises';
import { HikaeError, systemCode } from '../base/errors.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { readDocument } from './document.ts';
import { policyErrors } from './errors.ts';
import { issueMessages, mistakesOf } from './issues.ts';
import { didYouMean, type Mistake } from './mistakes.ts';
import { checkTrusted } from './permissions.ts';
import type { Policy } from './policy-file.ts';
import { checkRealPlaces } from './real-relations.ts';
import { relationMistakes } from './relations.ts';
import { policySchema } from './schema.ts';
import { checkSecretFiles } from './secrets.ts';
import { say } from './wording.ts';

/** What the policy takes from the machine where the file doesn't say it. */
export interface HostDefaults {
  readonly hostname: string;
  /** IANA name */
  readonly timezone: string;
}

export interface LoadOptions extends HostDefaults {
  /** the user who runs */
  readonly uid: number;
  readonly signal: AbortSignal;
}

export type Checked =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

const mostBytes = 1_048_576;

/**
 * Reads the policy file at an absolute path. Fails, always with exit 2, when others could have written it,
 * when there are mistakes in it (POLICY_INVALID, which tells all of them), when others can read its secrets,
 * and when links lead a vault into its own source.
 */
export async function loadPolicy(file: string, options: LoadOptions): Promise<Policy> {
  const path = await checkTrusted(file, options);
  const checked = checkPolicy(await textOf(path, file, options.signal), { ...options, file });
  if (!checked.ok) throw invalid(file, checked.mistakes);
  await checkSecretFiles(checked.policy, options);
  await checkRealPlaces(checked.policy, options);
  return checked.policy;
}

export function checkPolicy(text: string, options: HostDefaults & { file: string }): Checked {
  const { data, mistakes, mistakeAt } = readDocument(text);
  if (data === undefined) return { ok: false, mistakes };
  const parsed = policySchema.safeParse(data, { error: issueMessages });
  const all = [
    ...mistakes,
    ...mistakesOf(parsed.error?.issues ?? [], data, mistakeAt),
    ...relationMistakes(data, mistakeAt),
  ];
  if (!parsed.success || all.length > 0) return { ok: false, mistakes: inOrder(all) };
  const { hostname, timezone, file } = options;
  const policy = {
    ...parsed.data,
    host: parsed.data.host ?? hostname,
    timezone: parsed.data.timezone ?? timezone,
  };
  return { ok: true, policy: deepFrozen({ ...policy, file, text }) };
}

/** `12:3 vaults.hdd.keep.dayly: unknown key …` */
export function mistakeLine(mistake: Mistake, language: Language): string {
  const { line, column, path, suggestion, text } = mistake;
  const told: Bilingual = suggestion === undefined ? text : say(didYouMean, { text, suggestion });
  return `${line}:${column} ${path === '' ? '' : `${path}: `}${told[language]}`;
}

function invalid(file: string, mistakes: readonly Mistake[]): HikaeError {
  const spec = policyErrors.specs.POLICY_INVALID;
  const lines = (language: Language) => mistakes.map((mistake) => mistakeLine(mistake, language));
  const inLanguage = (language: Language) =>
    fill(spec.message[language], { file, count: mistakes.length, mistakes: lines(language).join('\n') });
  // The mistakes are texts in two languages themselves, which no single detail can be.
  const message = { en: inLanguage('en'), ja: inLanguage('ja') };
  const details = { file, count: mistakes.length, mistakes: lines('en') };
  return new HikaeError('POLICY_INVALID', { ...spec, message }, details);
}

async function textOf(path: string, file: string, signal: AbortSignal): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > mostBytes) throw policyErrors.POLICY_TOO_BIG({ file, size, most: mostBytes });
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path, { signal }));
  } catch (error) {
    if (error instanceof TypeError)
      throw policyErrors.POLICY_UNREADABLE({ file, reason: 'UTF-8' }, { cause: error });
    const code = systemCode(error);
    if (code === undefined || signal.aborted) throw error;
    throw policyErrors.POLICY_UNREADABLE({ file, reason: code }, { cause: error });
  }
}

/** By their place in the file; what two rules say alike is said once. */
function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const seen = new Set<string>();
  return mistakes
    .filter((mistake) => {
      const key = JSON.stringify([mistake.line, mistake.column, mistake.path, mistake.text.en]);
      return seen.has(key) ? false : seen.add(key);
    })
    .sort((one, other) => one.line - other.line || one.column - other.column);
}

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFrozen(inner);
    Object.freeze(value);
  }
  return value;
}
