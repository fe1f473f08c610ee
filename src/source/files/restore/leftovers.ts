/** What a restore takes out of the folders that it leaves: what the snapshot hasn't, and names of its own. */
import { joinRaw, nameOf, type RawName, type RawPath } from '../../../base/raw-path.ts';
import type { Region } from './destination.ts';
import { isTemporaryName } from './host.ts';
import { lookAt } from './looking.ts';
import { collectSurplus, type Removal, type Siblings, type SurplusRules } from './surplus.ts';

/** A folder of the snapshot that is there, and that the survey has gone through. */
export interface LeftFolder {
  readonly path: RawPath;
  readonly region: Region;
  readonly device: bigint;
  readonly within: boolean;
  readonly maildir: boolean;
  /** it lies in a mail folder */
  readonly inMaildir: boolean;
  readonly siblings: Siblings | undefined;
}

/** `remove`: whether what the snapshot hasn't goes at all. */
export function collectLeftovers(
  folder: LeftFolder,
  descriptor: number,
  depth: number,
  rules: SurplusRules & { readonly remove: boolean },
): readonly Removal[] {
  const removals: Removal[] = [];
  for (const name of folder.siblings?.surplus() ?? []) {
    const path = joinRaw(folder.path, name);
    if (isTemporaryName(name)) {
      if (lookAt({ directory: descriptor, name })?.type !== 'dir') removals.push({ path, folder: false });
    } else if (rules.remove && mayGo(folder, name)) {
      const { within, device } = folder;
      collectSurplus(descriptor, name, { path, within, device, depth }, rules, removals);
    }
  }
  return removals;
}

/** A mail server's locks and what it is delivering are never captured, and are its own. */
function mayGo({ path, region, maildir, inMaildir }: LeftFolder, name: RawName): boolean {
  if (region === 'between') return false;
  if (maildir && name.endsWith('.lock')) return false;
  return !(inMaildir && nameOf(path) === 'tmp');
}
