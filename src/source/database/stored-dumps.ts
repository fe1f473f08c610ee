/** The dumps of a component as a snapshot has them. They are read to their end before anything is changed. */
import { isHikaeError } from '../../base/errors.ts';
import { nameOf, textOf } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';
import type { DatabaseFacts } from '../../model/snapshot.ts';
import type { SnapshotReader } from '../../model/snapshot-reader.ts';
import type { RestoreRequest } from '../source.ts';
import { withEnd } from './dump-end.ts';
import { databaseErrors } from './errors.ts';

export interface StoredDump {
  readonly database: DatabaseFacts;
  readonly node: Node | undefined;
  /** why it can't be used */
  readonly error?: Error;
}

export interface StoredDumps {
  /** what the server had beyond its databases, as text, or why it can't be used */
  readonly accounts: string | Error;
  readonly databases: readonly StoredDump[];
}

export interface DumpKinds {
  readonly accounts: string;
  readonly ends: { readonly accounts: string; readonly database: string };
}

export async function readStoredDumps(
  { reader, component }: Pick<RestoreRequest, 'reader' | 'component'>,
  { accounts, ends }: DumpKinds,
  signal: AbortSignal,
): Promise<StoredDumps> {
  const facts = reader.header.components.find(({ name }) => name === component)?.facts?.databases;
  if (facts === undefined) throw databaseErrors.DATABASE_FACTS_MISSING({ component });
  const files = await filesOf(reader, component, signal);
  const databases: StoredDump[] = [];
  for (const database of facts) {
    const node = files.get(database.file);
    const error = await flawOf(reader, node, { name: database.name, end: ends.database }, signal);
    databases.push({ database, node, ...(error === undefined ? {} : { error }) });
  }
  const file = files.get(`${accounts}.sql`);
  const flaw = await flawOf(reader, file, { name: accounts, end: ends.accounts }, signal);
  if (flaw !== undefined) return { accounts: flaw, databases };
  return { accounts: await textIn(reader, file as Node, signal), databases };
}

async function filesOf(
  reader: SnapshotReader,
  component: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Node>> {
  const files = new Map<string, Node>();
  for await (const batch of reader.nodes({ component, signal })) {
    for (const node of batch) {
      const name = nameOf(node.path);
      if (node.type === 'file') files.set(textOf(name) ?? name, node);
    }
  }
  return files;
}

async function flawOf(
  reader: SnapshotReader,
  node: Node | undefined,
  { name, end }: { name: string; end: string },
  signal: AbortSignal,
): Promise<Error | undefined> {
  const damaged = (reason: string) => databaseErrors.DATABASE_DUMP_DAMAGED({ database: name, reason });
  if (node === undefined) return damaged('its file is missing');
  try {
    const content = reader.content(node, { signal });
    for await (const _ of withEnd(content, end, () => damaged('it is cut short'))) signal.throwIfAborted();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    return error.code === 'DATABASE_DUMP_DAMAGED' ? error : damaged(error.message);
  }
}

async function textIn(reader: SnapshotReader, node: Node, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of reader.content(node, { signal })) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
