/** The policy that a command works by. */
import { resolve } from 'node:path';
import type { Policy } from '../policy/policy.ts';
import type { CommandContext } from './context.ts';

/** Loads it from where --policy says; what is shown afterwards is in its language, unless --lang was given. */
export async function loadContextPolicy(context: CommandContext): Promise<Policy> {
  const { loadPolicy } = await import('../policy/policy.ts');
  const { world, signal } = context;
  const policy = await loadPolicy(policyFile(context), {
    hostname: world.host,
    timezone: world.zone,
    uid: world.uid,
    signal,
  });
  if (policy.lang !== undefined) context.speak(policy.lang);
  return policy;
}

/** The absolute path of the policy file. */
export function policyFile({ world, policy }: CommandContext): string {
  return resolve(world.folder, policy.path);
}
