/** Who we are at AWS, as far as IAM tells it. Other servers have no such thing. */
import type { Fact } from './fact.ts';
import type { AccessKey } from './posture.ts';
import type { Wanted } from './wanted.ts';

export interface Account {
  /** the access keys of the user whose keys are in use */
  keys(options: { readonly signal: AbortSignal }): Promise<Fact<readonly AccessKey[]>>;
  /** what whoever we are may do of what nobody who uploads should */
  rights(wanted: Wanted, options: { readonly signal: AbortSignal }): Promise<Fact<readonly string[]>>;
  close(): void;
}
