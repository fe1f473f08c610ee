/** The file `config`: which repository this is, and the polynomial that it cuts chunks by. */
import { z } from 'zod';
import { DEGREE, degreeOf, isIrreducible } from './polynomial.ts';

export interface RepositoryConfig {
  readonly version: 1 | 2;
  /** 64 hexadecimal digits */
  readonly id: string;
  readonly polynomial: bigint;
}

const schema = z.object({
  version: z.int(),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  chunker_polynomial: z.string().regex(/^[0-9a-f]{1,16}$/),
});

/** Thrown for a version that came later than this code. */
export class NewerVersion extends Error {
  readonly version: number;

  constructor(version: number) {
    super(`version ${version}`);
    this.version = version;
  }
}

/** Throws a SyntaxError, or NewerVersion. Fields that others have added are none of ours. */
export function parseConfig(plain: Uint8Array): RepositoryConfig {
  const parsed = schema.safeParse(JSON.parse(Buffer.from(plain).toString('utf8')));
  if (!parsed.success) throw new SyntaxError(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { version, id } = parsed.data;
  if (version > 2) throw new NewerVersion(version);
  if (version !== 1 && version !== 2) throw new SyntaxError(`there is no version ${version}`);
  const polynomial = BigInt(`0x${parsed.data.chunker_polynomial}`);
  if (degreeOf(polynomial) !== DEGREE || !isIrreducible(polynomial)) {
    throw new SyntaxError('its polynomial cuts no chunks');
  }
  return { version, id, polynomial };
}

export function encodeConfig({ version, id, polynomial }: RepositoryConfig): Buffer {
  return Buffer.from(JSON.stringify({ version, id, chunker_polynomial: polynomial.toString(16) }));
}
