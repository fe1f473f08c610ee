/** The shape of the table in trouble.ts. */
import type { Bilingual } from '../base/language.ts';

export interface TroubleSpec {
  readonly weight: 'note' | 'problem';
  readonly text: Bilingual;
}

export function defineTroubles<const Table extends Readonly<Record<string, TroubleSpec>>>(
  table: Table,
): Table {
  return table;
}
