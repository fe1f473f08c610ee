/** What a vault and an operation do with a source of databases, without either: a capture kept in memory, and a restore from it. */
import type { RawPath } from '../../src/base/raw-path.ts';
import { Secret } from '../../src/base/secret.ts';
import type { ComponentFacts, Origin } from '../../src/model/snapshot.ts';
import type { Trouble } from '../../src/model/trouble.ts';
import type { DatabaseHost } from '../../src/source/database/host.ts';
import type { RestoreEffect, RestoreRequest, RestoreResult, Source } from '../../src/source/source.ts';
import { fileOf, MemorySnapshot, nodeOf } from './memory-snapshot.ts';

/** A host whose secrets are what their references name: `{ env: 'word' }` is the password `word`. */
export function databaseHost(given: Partial<DatabaseHost> = {}): DatabaseHost {
  return {
    clock: { now: () => Date.now(), elapsed: () => performance.now() / 1000 },
    environment: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, user: '', group: '' },
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    secret: async ({ env = '' }) => new Secret(env),
    planFiles: async () => {
      throw new Error('no files here');
    },
    ...given,
  };
}

export interface Taken {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly facts: ComponentFacts;
  readonly troubles: readonly Trouble[];
  /** the same as a snapshot, with other contents where some are given */
  snapshot(changed?: ReadonlyMap<string, Buffer>): MemorySnapshot;
}

const COMPONENT = 'db';

/** Captures an origin to its end. `seen` is told of every part of a content before the next is asked for. */
export async function take(
  source: Source,
  origin: Origin,
  options: { signal?: AbortSignal; seen?: (file: string) => void | Promise<void> } = {},
): Promise<Taken> {
  const { signal = new AbortController().signal, seen } = options;
  const troubles: Trouble[] = [];
  const captured = await source.capture(origin, {
    component: COMPONENT,
    troubles: (found) => troubles.push(found),
    signal,
    avoid: [],
  });
  try {
    const files = new Map<string, Buffer>();
    for await (const batch of captured.nodes()) {
      for (const { metadata, content } of batch) {
        if (content?.kind !== 'stream') continue;
        const parts: Uint8Array[] = [];
        for await (const part of content.open(signal)) {
          parts.push(part);
          await seen?.(metadata.path);
        }
        files.set(metadata.path, Buffer.concat(parts));
      }
    }
    const facts = (await captured.facts?.()) ?? {};
    return {
      files,
      facts,
      troubles,
      snapshot: (changed = new Map()) => snapshotOf(files, changed, facts, origin),
    };
  } finally {
    await captured.close();
  }
}

function snapshotOf(
  files: ReadonlyMap<string, Buffer>,
  changed: ReadonlyMap<string, Buffer>,
  facts: ComponentFacts,
  origin: Origin,
): MemorySnapshot {
  const contents = new Map(
    [...files].map(([name, content]) => [`${COMPONENT}/${name}`, changed.get(name) ?? content]),
  );
  const nodes = [...contents].map(([path, content]) => fileOf(path as RawPath, content, { mode: 0o600 }));
  return new MemorySnapshot([nodeOf(COMPONENT, { type: 'dir' }), ...nodes], contents, origin, facts);
}

export interface Restored extends RestoreResult {
  readonly effects: readonly RestoreEffect[];
  readonly troubles: readonly Trouble[];
}

export function restoreRequest(
  taken: Pick<Taken, 'snapshot'>,
  origin: Origin,
  given: Partial<RestoreRequest> = {},
): RestoreRequest {
  const reader = taken.snapshot();
  return { reader, component: COMPONENT, origin, to: { kind: 'in-place' }, delete: false, ...given };
}

/** Plans and executes. Troubles are those up to the end, also where it fails: `told` gets each. */
export async function restore(
  source: Source,
  request: RestoreRequest,
  options: { signal?: AbortSignal; told?: (trouble: Trouble) => void } = {},
): Promise<Restored> {
  const { signal = new AbortController().signal, told } = options;
  const plan = await source.planRestore(request, { signal });
  const effects: RestoreEffect[] = [];
  for await (const batch of plan.effects({ signal })) effects.push(...batch);
  const troubles: Trouble[] = [];
  const result = await plan.execute({
    emit: () => {},
    troubles: (found) => {
      troubles.push(found);
      told?.(found);
    },
    signal,
  });
  return { ...result, effects, troubles };
}
