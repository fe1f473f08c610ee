/** Databases change many files together; a copy of them, taken one after the other, may not start. */
import type { RawName } from '../../../base/raw-path.ts';

const marks: Readonly<Record<string, string>> = {
  PG_VERSION: 'PostgreSQL',
  ibdata1: 'MySQL, MariaDB',
};

/** What database's data folder has these names in it, or undefined for none. */
export function databaseOf(names: readonly RawName[]): string | undefined {
  const mark = Object.keys(marks).find((name) => names.includes(name as RawName));
  return mark === undefined ? undefined : marks[mark];
}
