/** How an empty database is made: with the character set and collation that its tables take when they name none. */
import type { DatabaseFacts } from '../../model/snapshot.ts';
import { databaseErrors } from '../database/errors.ts';
import type { DatabaseEntry } from './inventory.ts';

type Definition = DatabaseFacts['definition'];

export function definitionOf({ charset, collation }: DatabaseEntry): Definition {
  return [['CREATE DATABASE ', ` CHARACTER SET ${charset} COLLATE ${collation}`]];
}

/** The settings alone. Of what a snapshot says, nothing else is ever run. */
export function settingsIn(definition: Definition, component: string): string {
  const [, after = ''] = definition[0] ?? [];
  if (!/^ CHARACTER SET \w+ COLLATE \w+$/.test(after))
    throw databaseErrors.DATABASE_FACTS_MISSING({ component });
  return after;
}
