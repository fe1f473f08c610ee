/** What the clients of MySQL and MariaDB say when they fail. The server's words come in its language; its numbers don't. */
import type { HikaeError } from '../../base/errors.ts';
import type { ClientCall } from '../database/clients.ts';
import { databaseErrors } from '../database/errors.ts';

/** `ERROR 1045 (28000): …`, `Got error: 1045: …`, `Error 1412: …`, `Couldn't execute '…': … (1146)`. */
const numbers = [/\bERROR (\d{4})\b/, /\b[Ee]rror:? (\d{4})\b/, /\((\d{4})\)/] as const;

const unreachable = numbersOf([2002, 2003, 2005, 2006, 2013, 2055, 1040, 1053, 1152, 1184, 1927, 3169, 4031]);
const login = numbersOf([1045, 1129, 1130, 1251, 1396, 1698, 1820, 1862, 2059, 2061, 3118, 4151]);
const forbidden = numbersOf([1044, 1142, 1143, 1227, 1370, 1410, 1419, 3530]);
const changed = numbersOf([1109, 1146, 1205, 1213, 1412, 1615]);
const NO_DATABASE = 1049;

export interface Told {
  /** how the server is called */
  readonly server: string;
  readonly user: string;
}

/** Of a client that could not do its work: why, and whether the same may succeed a little later. */
export function failureOf(said: string, { program, database = '' }: ClientCall, told: Told): HikaeError {
  const { server, user } = told;
  const reason = errorIn(said);
  const number = numberIn(reason) ?? 0;
  if (number === NO_DATABASE) return databaseErrors.DATABASE_MISSING({ server, database });
  if (login.has(number)) return databaseErrors.DATABASE_LOGIN_REFUSED({ server, user, reason });
  if (unreachable.has(number)) return databaseErrors.DATABASE_UNREACHABLE({ server, reason });
  if (changed.has(number)) return databaseErrors.DATABASE_CHANGED({ server, database, reason });
  if (forbidden.has(number)) return databaseErrors.DATABASE_FORBIDDEN({ server, user, reason });
  return /dump$/.test(program)
    ? databaseErrors.DATABASE_DUMP_FAILED({ server, database, reason })
    : databaseErrors.DATABASE_QUERY_FAILED({ server, reason });
}

/** A client that runs a script shows the statement before the error, and what is in it may be nobody's business. */
function errorIn(said: string): string {
  const at = [...said.matchAll(/\bERROR \d{4} \(/g)].at(-1)?.index ?? 0;
  return said.slice(at);
}

/** The server's own number for the first error in a text. */
export function numberIn(text: string): number | undefined {
  for (const form of numbers) {
    const [, number] = form.exec(text) ?? [];
    if (number !== undefined) return Number(number);
  }
  return undefined;
}

function numbersOf(list: readonly number[]): ReadonlySet<number> {
  return new Set(list);
}
