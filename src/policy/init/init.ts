/** Writes a first policy from what a machine has. What it writes loads without a mistake. */
import type { Language } from '../../base/language.ts';
import { discover } from './discovery.ts';
import type { InitHost } from './host.ts';
import { policyPage } from './page.ts';
import { propose } from './proposal.ts';

export interface InitOptions {
  /** what the policy calls this machine, and the IANA name of its time zone */
  readonly hostname: string;
  readonly timezone: string;
  readonly language: Language;
  readonly signal: AbortSignal;
}

export async function initPolicy(
  host: InitHost,
  { hostname, timezone, language, signal }: InitOptions,
): Promise<string> {
  return policyPage(propose(await discover(host, { signal })), { hostname, timezone, language });
}
