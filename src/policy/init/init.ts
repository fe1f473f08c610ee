/** Writes a first policy from what a machine has. What it writes loads without a mistake. */
import type { Language } from '../../base/language.ts';
import { discover } from './discovery.ts';
import type { InitHost } from './host.ts';
import { policyPage } from './page.ts';
import { propose } from './proposal.ts';

export async function initPolicy(
  host: InitHost,
  { language, signal }: { language: Language; signal: AbortSignal },
): Promise<string> {
  const { hostname, timezone } = host;
  return policyPage(propose(await discover(host, { signal })), { hostname, timezone, language });
}
