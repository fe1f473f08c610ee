/** From a command's context to the parts that operations work with. */
import { resolve } from 'node:path';
import type { VaultTestParts } from '../app/operations.ts';
import type { Parts, PolicyParts } from '../app/parts.ts';
import { isHikaeError } from '../base/errors.ts';
import { type Bilingual, fill } from '../base/language.ts';
import type { Policy } from '../policy/policy.ts';
import { askSecret, canAsk } from './ask-secret.ts';
import { confirmLocks, type UnusualLocks } from './confirm-locks.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import { loadContextPolicy } from './load-policy.ts';

const texts = {
  code: { en: 'Code of the second factor {serial}: ', ja: '多要素認証 {serial} のコード: ' },
  password: { en: 'Password of {place}: ', ja: '{place} のパスワード: ' },
} as const satisfies Record<string, Bilingual>;

/** What a command line says of how vaults are opened. */
export interface Reach {
  readonly vault?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly noLock?: boolean;
  /** milliseconds */
  readonly lockWait?: number | undefined;
}

/** Loads the policy, opens the stage, and does the work with everything that the policy names. */
export async function inPolicy<Result>(
  context: CommandContext,
  work: (parts: PolicyParts, policy: Policy) => Promise<Result>,
  reach: Reach = {},
): Promise<Result> {
  const policy = await loadContextPolicy(context);
  const { withPolicyParts } = await import('../app/parts.ts');
  return withPolicyParts(policy, await partsOptions(context, reach, policy.timezone), (parts) =>
    work(parts, policy),
  );
}

/**
 * As `inPolicy`; but where a vault is named by its path or URL and there is no policy, the vault alone will do. That is
 * how data comes back on the day when everything else is lost.
 */
export async function inPolicyOrVault<Result>(
  context: CommandContext,
  reach: Reach,
  work: (parts: Parts) => Promise<Result>,
): Promise<Result> {
  const { vault, passwordFile } = reach;
  // Tried on every vault it would open none but one, and tell the others what it is.
  if (passwordFile !== undefined && vault === undefined)
    throw cliErrors.CLI_OPTION_ALONE({ option: '--password-file', other: '--vault' });
  try {
    return await inPolicy(context, work, reach);
  } catch (error) {
    const alone = isPlace(vault) && !context.policy.given && isHikaeError(error, 'POLICY_MISSING');
    if (!alone) throw error;
  }
  const { withoutPolicy } = await import('../app/parts.ts');
  return withoutPolicy(await partsOptions(context, reach, context.world.zone), work);
}

/** As `inPolicy`, for what also needs a place beside a vault to try things out in. */
export async function inPolicyWithTestPlaces<Result>(
  context: CommandContext,
  work: (parts: VaultTestParts) => Promise<Result>,
): Promise<Result> {
  const policy = await loadContextPolicy(context);
  const { withPolicyParts } = await import('../app/parts.ts');
  const { openTestPlace } = await import('../app/test-place.ts');
  const options = await partsOptions(context, {}, policy.timezone);
  return withPolicyParts(policy, options, (parts) =>
    work({ ...parts, openTestPlace: (vault) => openTestPlace(vault, policy, options) }),
  );
}

/** Asks for the code of a second factor that a profile of AWS wants; undefined where there is nobody to ask. */
export function codeAsker({
  world,
  language,
  signal,
}: CommandContext): ((serial: string) => Promise<string>) | undefined {
  if (!canAsk(world)) return undefined;
  return async (serial) => {
    const code = await askSecret(world, fill(texts.code[language], { serial }), signal);
    return code.reveal().trim();
  };
}

/** A day of --as-of ends in the time zone that days are reckoned in. */
async function partsOptions(context: CommandContext, reach: Reach, zone: string) {
  const { LOCK_WAIT } = await import('../app/parts.ts');
  const { emit } = await context.openStage();
  const { world, signal } = context;
  const { passwordFile, lockWait = LOCK_WAIT, noLock = false } = reach;
  const password =
    passwordFile === undefined ? {} : { password: { file: resolve(world.folder, passwordFile) } };
  const ask = (place: string) => askSecret(world, fill(texts.password[context.language], { place }), signal);
  const asOf = context.asOf === undefined ? {} : { asOf: context.asOf.instantIn(zone) };
  const askCode = codeAsker(context);
  const confirm = (facts: UnusualLocks) => confirmLocks(world, facts, context.language, signal);
  const asking = canAsk(world)
    ? { ask, ...(askCode && { askCode }), ...(context.json ? {} : { confirmLocks: confirm }) }
    : {};
  return { world, emit, signal, lockWait, noLock, ...asOf, ...password, ...asking };
}

function isPlace(vault: string | undefined): boolean {
  return vault !== undefined && /^[/.]|^[a-z0-9]+:\/\//.test(vault);
}
