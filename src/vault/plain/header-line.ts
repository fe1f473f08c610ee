/** The first line of a manifest, the header, and its last, the trailer. Both are parsed strictly. */
import { z } from 'zod';
import type { SnapshotHeader } from '../../model/snapshot.ts';
import { troubles } from '../../model/trouble.ts';
import { vaultErrors } from '../errors.ts';
import { schedules } from './layout.ts';

const FORMAT = 'hikae-manifest';
const VERSION = 1;

const count = z.number().int().nonnegative();
const texts = z.array(z.string());

const port = z.number().int().min(1).max(65_535).exactOptional();

/** No password by a command: see recordedOrigin. */
const database = {
  server: z.discriminatedUnion('via', [
    z.strictObject({ via: z.literal('docker'), container: z.string().min(1), port }),
    z.strictObject({ via: z.literal('socket'), path: z.string().min(1), port }),
    z.strictObject({ via: z.literal('tcp'), host: z.string().min(1), port }),
  ]),
  user: z.string().min(1).exactOptional(),
  password: z
    .union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })])
    .exactOptional(),
  databases: z.union([z.literal('all'), texts.min(1)]),
};

const origin = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('files'),
    layout: z.enum(['folder', 'list']),
    roots: texts.min(1),
    include: texts,
    exclude: texts,
    oneFileSystem: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('command'), argv: texts.min(1), file: z.string() }),
  z.strictObject({ kind: z.literal('postgres'), ...database }),
  z.strictObject({ kind: z.literal('mysql'), together: z.boolean(), ...database }),
  z.strictObject({ kind: z.literal('docker-volume'), volume: z.string().min(1), pause: count }),
]);

const facts = z.strictObject({
  server: z.string().exactOptional(),
  databases: z
    .array(
      z.strictObject({
        name: z.string(),
        file: z.string(),
        tables: z.array(z.strictObject({ name: z.string(), rows: count })),
        definition: z.array(z.tuple([z.string(), z.string()])),
      }),
    )
    .exactOptional(),
  volume: z
    .strictObject({
      driver: z.string(),
      options: z.record(z.string(), z.string()),
      labels: z.record(z.string(), z.string()),
    })
    .exactOptional(),
});

const header = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  target: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  host: z.string(),
  time: z.number().int(),
  zone: z.string(),
  schedule: z.enum(schedules),
  trigger: z.enum(['schedule', 'manual', 'safety']),
  hikae: z.string(),
  components: z.array(
    z.strictObject({
      name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
      origin,
      complete: z.boolean(),
      nodes: count,
      files: count,
      bytes: count,
      facts: facts.exactOptional(),
    }),
  ),
  notes: count,
  problems: count,
  troubles: z.array(
    z.strictObject({
      weight: z.enum(['note', 'problem']),
      code: z.enum(Object.keys(troubles) as [keyof typeof troubles]),
      path: z.string(),
      reason: z.string(),
    }),
  ),
});

const trailer = z.strictObject({
  nodes: count,
  /** of every byte before the trailer's own line */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Trailer = z.infer<typeof trailer>;

/** The fields in the order of the schema, whoever put the header together: a copy of a snapshot has the same bytes. */
export function encodeHeader(value: SnapshotHeader): string {
  return JSON.stringify(strictly(header, { format: FORMAT, version: VERSION, ...value }));
}

/** Throws VAULT_NEWER for a later version, else a SyntaxError that says what is wrong. */
export function parseHeader(line: string, path: string): SnapshotHeader {
  const parsed: unknown = JSON.parse(line);
  const version = z.looseObject({ format: z.literal(FORMAT), version: z.number() }).safeParse(parsed);
  if (version.success && version.data.version > VERSION) {
    throw vaultErrors.VAULT_NEWER({ path, version: version.data.version });
  }
  const { format: _format, version: _version, ...rest } = strictly(header, parsed);
  return rest;
}

export function encodeTrailer(value: Trailer): string {
  return JSON.stringify({ nodes: value.nodes, sha256: value.sha256 });
}

export function parseTrailer(line: string): Trailer {
  return strictly(trailer, JSON.parse(line));
}

/** A trailer is known by how it begins: a node begins with its path. */
export function isTrailer(line: string): boolean {
  return line.startsWith('{"nodes":');
}

function strictly<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SyntaxError(z.prettifyError(parsed.error).replaceAll('\n', ' '));
}
