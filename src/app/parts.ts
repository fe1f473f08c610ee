/** The composition root: real vaults, sources and the ledger, put together for the operations. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import type { Emit } from '../model/events.ts';
import { operationErrors } from '../operations/errors.ts';
import type { OpenedVault, Parts, PolicyParts } from '../operations/parts.ts';
import { notYetActing, type Policy, type PolicyVault, parseLocation, placeOf } from '../policy/policy.ts';
import { environmentOfOthers } from './environment.ts';
import { cacheIn, localPathOf, type OpeningOptions, openPolicyVault, openVaultAt } from './open-vault.ts';
import { haltsIn, openSources } from './sources.ts';
import { hikaeVersion } from './version.ts';

export type { Parts, PolicyParts };

export interface PartsOptions extends OpeningOptions {
  /** asks the person at the terminal, where there is one */
  readonly confirmLocks?: Parts['confirmLocks'];
}

/** Half an hour: a daily run may still be at work when the weekly one starts. */
export const LOCK_WAIT = 30 * 60_000;

/** Where there is no policy to say another. */
const USUAL_STATE = '/var/lib/hikae';

/** Does the work with everything that a policy names, and closes it afterwards. */
export async function withPolicyParts<Result>(
  policy: Policy,
  options: PartsOptions,
  work: (parts: PolicyParts) => Promise<Result>,
): Promise<Result> {
  const { world, emit, signal } = options;
  const { ledger, interrupted, setAside } = await openLedger(policy.state, {
    clock: world.clock,
    signal,
    onTrouble: (trouble) =>
      emit({ type: 'warning', code: 'ledger-trouble', facts: { reason: trouble.message } }),
  });
  try {
    if (setAside !== undefined)
      emit({ type: 'warning', code: 'ledger-set-aside', facts: { path: setAside } });
    for (const { verb, started } of interrupted) {
      emit({
        type: 'warning',
        code: 'run-interrupted',
        facts: { verb, started: new Date(started).toISOString() },
      });
    }
    await settleHalts(policy.state, options);
    const parts: PolicyParts = {
      ...commonParts(policy.state, options),
      host: policy.host,
      zone: policy.timezone,
      ledger,
      policy,
      vaults: vaultsByNearness(policy),
      openVault: (name, opening) =>
        isPlace(name)
          ? openAt(name, options, policy)
          : openNamed(name, policy, ledger, { ...opening, options }),
    };
    return await work(parts);
  } finally {
    ledger.close();
  }
}

/** Does the work with a vault alone: for the day when there is no policy, no ledger and no time. */
export async function withoutPolicy<Result>(
  options: PartsOptions,
  work: (parts: Parts) => Promise<Result>,
): Promise<Result> {
  const { world } = options;
  return work({
    ...commonParts(USUAL_STATE, options),
    host: world.host,
    zone: world.zone,
    vaults: [],
    openVault: (name) => openAt(isPlace(name) ? name : resolve(world.folder, name), options),
  });
}

/** Tells what the policy says and nobody does yet, so that no one believes it is done. */
export function warnOfLater(policy: Policy, emit: Emit, language: 'en' | 'ja'): void {
  for (const { path, text } of notYetActing(policy)) {
    emit({ type: 'warning', code: 'not-acting', facts: { path, text: text[language] } });
  }
}

function commonParts(state: string, { world, emit, signal, lockWait, confirmLocks }: PartsOptions) {
  const { clock, random } = world;
  const sources = openSources(world, haltsIn(state));
  const environment = environmentOfOthers(world);
  const asking = confirmLocks === undefined ? {} : { confirmLocks };
  const version = hikaeVersion();
  return { clock, random, emit, signal, environment, version, lockWait, source: sources, ...asking };
}

/** What a run that ended in the middle has left standing still is seen to before anything else. */
async function settleHalts(state: string, { emit, signal }: PartsOptions): Promise<void> {
  const folder = haltsIn(state);
  if (!existsSync(folder)) return;
  const recovery = await import('../source/docker-volume/recovery.ts');
  await recovery.settleHalts(folder, { emit, signal });
}

interface OpenOptions {
  readonly create: boolean;
  readonly anew?: boolean;
  readonly options: PartsOptions;
}

async function openNamed(
  name: string,
  policy: Policy,
  ledger: Ledger,
  { create, anew = false, options }: OpenOptions,
): Promise<OpenedVault> {
  const settings = policy.vaults[name];
  if (settings === undefined)
    throw operationErrors.VAULT_UNKNOWN({ vault: name, known: Object.keys(policy.vaults) });
  const local = localPathOf(settings);
  const path = local ?? placeOf(settings);
  const seen = (await ledger.vaultSeen({ path }, options)) !== undefined;
  const vault = await openPolicyVault(settings, {
    options,
    seen,
    // Elsewhere an empty place is more likely a wrong one than a new one: there a person has to say it.
    create: create && (anew || (local !== undefined && !seen)),
    mounted: settings.mounted,
    hints: join(policy.state, 'locks', `${name}.json`),
    cache: cacheIn(policy.state),
  });
  await ledger.recordVault({ id: vault.identity.id, name, path });
  return { name, vault };
}

async function openAt(path: string, options: PartsOptions, policy?: Policy): Promise<OpenedVault> {
  return { name: path, vault: await openVaultAt(path, options, policy) };
}

/** An absolute path or a URL: no name of a vault can be one. */
function isPlace(name: string): boolean {
  return name.startsWith('/') || name.includes('://');
}

const nearness = ['local', 'sftp', 's3'];

/** This machine, then its network, then what is paid for. */
function vaultsByNearness({ vaults }: Policy): readonly string[] {
  const rank = (settings: PolicyVault) => nearness.indexOf(parseLocation(placeOf(settings))?.kind ?? 'local');
  return Object.entries(vaults)
    .sort(([, one], [, other]) => rank(one) - rank(other))
    .map(([name]) => name);
}
