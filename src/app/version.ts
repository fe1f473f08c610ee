/** Which hikae this is; package.json lies at the same distance from src/ and from dist/. */
import { readFileSync } from 'node:fs';

export function hikaeVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return (manifest as { version: string }).version;
}
