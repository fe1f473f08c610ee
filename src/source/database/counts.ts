/** Comparing what a database holds with what it held when it was dumped. */
import type { TableCount } from '../../model/snapshot.ts';

/** One text for each table that is missing, too many, or has another number of rows; none when all is the same. */
export function differences(wanted: readonly TableCount[], found: readonly TableCount[]): string[] {
  const rows = new Map(found.map((table) => [table.name, table.rows]));
  const names = new Set(wanted.map(({ name }) => name));
  return [
    ...wanted.flatMap((table) => {
      const there = rows.get(table.name);
      return there === table.rows ? [] : [`${table.name}: ${there ?? '-'} ≠ ${table.rows}`];
    }),
    ...found.filter(({ name }) => !names.has(name)).map((table) => `${table.name}: ${table.rows} ≠ -`),
  ];
}
