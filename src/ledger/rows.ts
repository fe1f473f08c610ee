/** Reading rows of the database, in which something else may have written: every value is looked at. */
import type { SQLOutputValue } from 'node:sqlite';
import type { Failure } from '../model/events.ts';
import { ledgerErrors } from './errors.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

export function integer(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : refuse(column, value);
}

/** An integer that is not negative. */
export function count(row: Row, column: string): number {
  const value = integer(row, column);
  return value >= 0 ? value : refuse(column, value);
}

export function seconds(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : refuse(column, value);
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : refuse(column, value);
}

/** One of the words that are the keys of `words`. */
export function word<Word extends string>(
  row: Row,
  column: string,
  words: Readonly<Record<Word, unknown>>,
): Word {
  const value = text(row, column);
  return Object.hasOwn(words, value) ? (value as Word) : refuse(column, value);
}

/** A list of texts, kept as JSON. */
export function texts(row: Row, column: string): readonly string[] {
  const value = text(row, column);
  const list = parsed(value);
  const isTexts = Array.isArray(list) && list.every((one) => typeof one === 'string');
  return isTexts ? list : refuse(column, value);
}

/** The columns of an error; undefined when there was none. */
export function failure(row: Row): Failure | undefined {
  if (row.error_code === null) return undefined;
  const inEnglish = {
    code: text(row, 'error_code'),
    message: text(row, 'error_message'),
    hint: text(row, 'error_hint'),
  };
  if (row.error_message_ja === null) return inEnglish;
  return { ...inEnglish, ja: { message: text(row, 'error_message_ja'), hint: text(row, 'error_hint_ja') } };
}

/** What `read` makes of a column, or undefined where the column is empty. */
export function optional<Value>(row: Row, column: string, read: () => Value): Value | undefined {
  return row[column] === null ? undefined : read();
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refuse(column: string, value: unknown): never {
  throw ledgerErrors.LEDGER_VALUE({ column, value: String(value).slice(0, 80) });
}
