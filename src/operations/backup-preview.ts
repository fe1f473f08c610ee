/** What a backup of one target would do. */
import { isHikaeError } from '../base/errors.ts';
import { originOf, type PolicySchedule, type ScheduleName, type Target } from '../policy/policy.ts';
import type { Preview, Vault } from '../vault/vault.ts';
import { avoided } from './avoided-places.ts';
import { countable } from './estimate.ts';
import { type PricedForecast, pricedForecast } from './lock-cost.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';
import { inVault, isOutOfReach } from './reach.ts';
import { dailyOf } from './weekly.ts';

export interface BackupPreview {
  readonly target: string;
  readonly schedule: ScheduleName;
  readonly vault: string;
  /** the vault isn't there yet and would be made */
  readonly creates: boolean;
  /** why it isn't the schedule's own vault: the run will have failed, although the data is kept */
  readonly unreachable?: Error;
  /** the snapshot that would be shared whole, without a capture */
  readonly from?: string;
  /** the vaults that it, and what they lack besides, would be copied to */
  readonly copyTo: readonly string[];
  readonly components: readonly (Preview & { readonly name: string; readonly error?: Error })[];
  /** what locking it would come to, and the list price of that; absent where the vault isn't locked */
  readonly locks?: PricedForecast;
  /** the same of the vaults of `copyTo` that can be reached, for this snapshot alone */
  readonly copyLocks: readonly { readonly vault: string; readonly forecast: PricedForecast }[];
}

export async function previewTarget(
  target: string,
  schedule: ScheduleName,
  { to, copyTo }: PolicySchedule,
  parts: PolicyParts,
): Promise<BackupPreview> {
  const { name, opened, unreachable } = await openFirst([to, ...copyTo], parts);
  try {
    const failure = unreachable === undefined ? {} : { unreachable };
    const others = copyTo.filter((other) => other !== name);
    const preview = {
      target,
      schedule,
      vault: name,
      creates: opened === undefined,
      copyTo: others,
      ...failure,
    };
    const found = await previewIn(opened?.vault, target, schedule, parts);
    const locks = await previewLocks(opened?.vault, target, found, parts);
    return { ...preview, ...found, ...locks, copyLocks: await previewCopies(others, target, found, parts) };
  } finally {
    await opened?.vault.close();
  }
}

/** In a weekly that is made of a daily nothing is new. */
async function previewLocks(
  vault: Vault | undefined,
  target: string,
  { components }: Pick<BackupPreview, 'components'>,
  { policy, clock, signal }: PolicyParts,
): Promise<Pick<BackupPreview, 'locks'>> {
  if (vault?.forecastLocks === undefined) return {};
  const newBytes = components.reduce((sum, one) => sum + one.newBytes, 0);
  const newNodes = components.reduce((sum, one) => sum + one.nodes - one.unchanged, 0);
  const forecast = await vault.forecastLocks(target, newBytes, { newNodes, signal });
  return { locks: pricedForecast(forecast, policy, clock) };
}

/** Where there is none of the target yet, all of it is new. */
async function previewCopies(
  names: readonly string[],
  target: string,
  { components }: Pick<BackupPreview, 'components'>,
  parts: PolicyParts,
): Promise<BackupPreview['copyLocks']> {
  const { policy, clock, signal } = parts;
  const locked: BackupPreview['copyLocks'][number][] = [];
  for (const vault of names.filter((name) => policy.vaults[name]?.lock !== undefined)) {
    try {
      const forecast = await inVault(vault, parts, async ({ vault: other }) => {
        const { snapshots } = await other.list({ target, signal });
        const bytes = components.reduce((sum, one) => sum + (snapshots.length ? one.newBytes : one.bytes), 0);
        return other.forecastLocks?.(target, bytes, { signal });
      });
      if (forecast !== undefined) locked.push({ vault, forecast: pricedForecast(forecast, policy, clock) });
    } catch (error) {
      signal.throwIfAborted();
      // The run will tell of it; and the first vault gets its snapshot all the same.
      if (!isHikaeError(error)) throw error;
    }
  }
  return locked;
}

async function previewIn(
  vault: Vault | undefined,
  target: string,
  schedule: ScheduleName,
  parts: PolicyParts,
): Promise<Pick<BackupPreview, 'from' | 'components'>> {
  const from = schedule === 'weekly' && vault !== undefined ? await dailyOf(vault, target, parts) : undefined;
  if (from !== undefined) return { from: from.place, components: [] };
  const components: BackupPreview['components'][number][] = [];
  const { components: settings } = parts.policy.targets[target] as Target;
  for (const name of Object.keys(settings)) {
    try {
      components.push({
        name,
        ...(await previewComponent(target, name, settings[name] as Component, vault, parts)),
      });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      components.push({ name, ...nothing, error });
    }
  }
  return { components };
}

type Component = Target['components'][string];

const nothing: Preview = { nodes: 0, bytes: 0, unchanged: 0, newBytes: 0 };

interface First {
  readonly name: string;
  /** absent where it is still to be made */
  readonly opened?: OpenedVault;
  readonly unreachable?: Error;
}

/** The vault that the run will take: see first-vault.ts. */
async function openFirst(names: readonly string[], parts: PolicyParts): Promise<First> {
  let unreachable: Error | undefined;
  for (const name of names) {
    const why = () => (unreachable === undefined ? {} : { unreachable });
    try {
      return { name, opened: await parts.openVault(name, { create: false }), ...why() };
    } catch (error) {
      parts.signal.throwIfAborted();
      if (isHikaeError(error, 'VAULT_NOT_FOUND')) return { name, ...why() };
      if (!isOutOfReach(error)) throw error;
      unreachable ??= error;
    }
  }
  throw unreachable;
}

/** Of a command or a database nothing can be told without running it, which a preview must not. */
async function previewComponent(
  target: string,
  name: string,
  settings: Component,
  vault: Vault | undefined,
  parts: PolicyParts,
): Promise<Preview> {
  const origin = countable(originOf(settings));
  if (origin === undefined) return nothing;
  const { signal } = parts;
  const options = { component: name, troubles: () => {}, signal, avoid: avoided(parts) };
  const source = await parts.source(origin.kind);
  const capture = await source.capture(origin, options);
  try {
    if (vault !== undefined) return await vault.preview(target, { name, origin }, capture, { signal });
    const all = { nodes: 0, bytes: 0, unchanged: 0, newBytes: 0 };
    for await (const batch of capture.nodes()) {
      for (const { metadata, content } of batch) {
        all.nodes += 1;
        all.bytes += metadata.size;
        all.newBytes += metadata.size;
        if (content?.kind === 'file') content.release();
      }
    }
    return all;
  } finally {
    await capture.close();
  }
}
