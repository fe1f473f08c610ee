/** Two snapshots that should be one and the same, gone through side by side. */
import { isDeepStrictEqual } from 'node:util';
import { goQuote } from '../base/go-quoting.ts';
import type { RawPath } from '../base/raw-path.ts';
import type { Finding, FindingKind } from '../model/finding.ts';
import type { Node } from '../model/node.ts';
import type { SnapshotHeader } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import type { VerifyResult } from '../vault/vault.ts';
import { type Difference, differencesOf, mergeNodes } from './diff.ts';
import type { Parts } from './parts.ts';
import type { ChosenSnapshot } from './select.ts';
import { withHashes } from './whole-hashes.ts';

/** Differences are found in the second of them. */
export async function compareSnapshots(
  here: ChosenSnapshot,
  there: ChosenSnapshot,
  { signal }: Pick<Parts, 'signal'>,
): Promise<VerifyResult> {
  const left = await here.opened.vault.open(here.entry, { signal });
  try {
    const right = await there.opened.vault.open(there.entry, { signal });
    try {
      return await compareReaders(left, right, { here, there, signal });
    } finally {
      await right.close();
    }
  } finally {
    await left.close();
  }
}

interface Comparing {
  readonly here: ChosenSnapshot;
  readonly there: ChosenSnapshot;
  readonly signal: AbortSignal;
}

async function compareReaders(
  left: SnapshotReader,
  right: SnapshotReader,
  { here, there, signal }: Comparing,
): Promise<VerifyResult> {
  const names = [here.opened.name, there.opened.name] as const;
  const checked = { snapshots: 1, nodes: 0, files: 0, bytes: 0 };
  const findings: Finding[] = [];
  const add = (kind: FindingKind, path: string, reason: string) =>
    findings.push({ kind, places: [there.entry.place], path, reason });
  for (const [fact, one, other] of headerDifferences(left.header, right.header))
    add('manifest', '', `its ${fact}: ${one} in ${names[0]}, ${other} in ${names[1]}`);
  if (!isDeepStrictEqual(await bytesOf(left, signal), await bytesOf(right, signal)))
    add('content', '.hikae/policy.yaml', `it is another in ${names[0]}`);
  for await (const batch of mergeNodes(left.nodes({ signal }), right.nodes({ signal }))) {
    for (const { before, after } of batch) {
      checked.nodes += 1;
      if (before === undefined) {
        if (after !== undefined) add('extra', goQuote(after.path), `${names[0]} does not have it`);
      } else if (after === undefined) {
        add('missing', goQuote(before.path), `${names[0]} has it`);
      } else {
        for (const [kind, reason] of await differences(left, right, { before, after, names, signal }))
          add(kind, goQuote(after.path), reason);
      }
    }
  }
  return { findings, checked };
}

/** All but the schedule, which of a weekly and the daily that it was made of differs, and what was noted on the way. */
const facts = ['id', 'target', 'host', 'time', 'zone', 'trigger', 'hikae', 'components'] as const;

function headerDifferences(one: SnapshotHeader, other: SnapshotHeader): [string, string, string][] {
  return facts
    .filter((fact) => !isDeepStrictEqual(one[fact], other[fact]))
    .map((fact) => [fact, JSON.stringify(one[fact]), JSON.stringify(other[fact])]);
}

async function bytesOf(reader: SnapshotReader, signal: AbortSignal): Promise<Buffer | undefined> {
  const policy = await reader.policy({ signal });
  return policy === undefined ? undefined : Buffer.from(policy);
}

interface Both {
  readonly before: Node;
  readonly after: Node;
  readonly names: readonly [string, string];
  readonly signal: AbortSignal;
}

async function differences(
  left: SnapshotReader,
  right: SnapshotReader,
  { before, after, names, signal }: Both,
): Promise<[FindingKind, string][]> {
  const [one, other] = await withHashes([left, before], [right, after], signal);
  return differencesOf(one, other)
    .map((difference): [FindingKind, string] => [
      kindOf(difference, one, other),
      `${difference}: ${shown(one, difference)} in ${names[0]}, ${shown(other, difference)} in ${names[1]}`,
    ])
    .concat(ownerNames(one, other, names));
}

function kindOf(difference: Difference, one: Node, other: Node): FindingKind {
  if (difference !== 'content') return 'attribute';
  return one.size === other.size ? 'content' : 'size';
}

function shown(node: Node, difference: Difference): string {
  switch (difference) {
    case 'type':
      return node.type;
    case 'content':
      return `${node.size} bytes, SHA-256 ${node.sha256 ?? '-'}`;
    case 'mode':
      return node.mode.toString(8).padStart(4, '0');
    case 'owner':
      return `${node.uid}:${node.gid}`;
    case 'mtime':
      return `${node.mtime} ns`;
    case 'target':
      return quoted(node.target);
    case 'hardlink':
      return quoted(node.hardlink);
    case 'xattrs':
      return node.xattrs.map(({ name, value }) => `${name}=${value.toString('hex')}`).join(' ') || '-';
  }
}

function quoted(path: RawPath | undefined): string {
  return path === undefined ? '-' : goQuote(path);
}

function ownerNames(one: Node, other: Node, names: readonly [string, string]): [FindingKind, string][] {
  if (one.user === other.user && one.group === other.group) return [];
  const of = ({ user, group }: Node) => `${user || '-'}:${group || '-'}`;
  return [['attribute', `owner's names: ${of(one)} in ${names[0]}, ${of(other)} in ${names[1]}`]];
}
