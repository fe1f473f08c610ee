/**
 * What happened to tables while they were dumped. The transaction of a dump keeps rows still and definitions not: a
 * table that was altered, emptied by TRUNCATE or put in the place of another in the meantime may stand in the dump as it
 * never was, without a word from the server.
 */
import type { TableEntry } from './inventory.ts';

export interface Alterations {
  /** tables whose dump can't be relied on, each with what was seen */
  readonly altered: readonly string[];
  /** tables that were removed before the dump came to them */
  readonly vanished: readonly string[];
}

export function alterations({
  before,
  after,
  dumped,
}: {
  readonly before: readonly TableEntry[];
  readonly after: readonly TableEntry[];
  readonly dumped: ReadonlySet<string>;
}): Alterations {
  const [altered, vanished]: [string[], string[]] = [[], []];
  const later = new Map(tablesIn(after).map((table) => [table.name, table]));
  for (const { name, created } of tablesIn(before)) {
    const now = later.get(name);
    if (!dumped.has(name)) {
      if (now === undefined) vanished.push(name);
      else altered.push(`${name} was removed and made again`);
    } else if (now !== undefined && now.created !== created)
      altered.push(`${name} was made or altered at ${now.created}`);
  }
  return { altered, vanished };
}

function tablesIn(entries: readonly TableEntry[]): readonly TableEntry[] {
  return entries.filter(({ type }) => type === 'table' || type === 'versioned');
}
