/** From a command's context to the parts that operations work with. */
import type { Parts, PolicyParts } from '../app/parts.ts';
import { isHikaeError } from '../base/errors.ts';
import type { Policy } from '../policy/policy.ts';
import type { CommandContext } from './context.ts';
import { loadContextPolicy } from './load-policy.ts';

/** Loads the policy, opens the stage, and does the work with everything that the policy names. */
export async function inPolicy<Result>(
  context: CommandContext,
  work: (parts: PolicyParts, policy: Policy) => Promise<Result>,
  options: { readonly lockWait?: number } = {},
): Promise<Result> {
  const policy = await loadContextPolicy(context);
  const { withPolicyParts, LOCK_WAIT } = await import('../app/parts.ts');
  const { emit } = await context.openStage();
  const { world, signal } = context;
  const lockWait = options.lockWait ?? LOCK_WAIT;
  return withPolicyParts(policy, { world, emit, signal, lockWait }, (parts) => work(parts, policy));
}

/**
 * As `inPolicy`; but where a vault is named by its path and there is no policy, the vault alone will do. That is how
 * data comes back on the day when everything else is lost.
 */
export async function inPolicyOrVault<Result>(
  context: CommandContext,
  vault: string | undefined,
  work: (parts: Parts) => Promise<Result>,
): Promise<Result> {
  try {
    return await inPolicy(context, work);
  } catch (error) {
    const alone = isPath(vault) && !context.policy.given && isHikaeError(error, 'POLICY_MISSING');
    if (!alone) throw error;
  }
  const { withoutPolicy, LOCK_WAIT } = await import('../app/parts.ts');
  const { emit } = await context.openStage();
  const { world, signal } = context;
  return withoutPolicy({ world, emit, signal, lockWait: LOCK_WAIT }, work);
}

function isPath(vault: string | undefined): boolean {
  return vault !== undefined && (vault.startsWith('/') || vault.startsWith('.'));
}
