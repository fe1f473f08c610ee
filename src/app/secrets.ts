/** Secrets that the policy refers to, read in this world. */
import { runCommand } from '../base/child-process.ts';
import type { Secret, SecretReference } from '../base/secret.ts';
import { resolveSecret } from '../policy/policy.ts';
import { environmentOfOthers } from './environment.ts';
import type { World } from './world.ts';

export function secretOf(reference: SecretReference, world: World, signal: AbortSignal): Promise<Secret> {
  const { environment, uid } = world;
  return resolveSecret(reference, {
    environment,
    uid,
    signal,
    run: async (argv, options) =>
      (await runCommand(argv, { ...options, environment: environmentOfOthers(world) })).toString('utf8'),
  });
}
