/** Checks of lifecycle rules: those that a vault needs, and those that would harm it or cost more than they save. */
import type { GuardFinding } from '../finding.ts';
import type { Contents, Lifecycle, Posture, Rule } from '../posture.ts';
import { costFactor, LEAST_MOVED, storageClasses } from '../prices.ts';
import { lastingParts, locksFolder, rootOf, TAMPER_TESTS, type Wanted } from '../wanted.ts';
import { type Check, check, finding } from './check.ts';

/** Days that a hidden version stays where no lock says otherwise: time to notice. */
const NOTICE = 30;

export function checkLifecycle({ lifecycle, contents }: Posture, wanted: Wanted): Check {
  return check('lifecycle', lifecycle, ({ rules, smallOnesStay }) => [
    ...rules.filter((rule) => harms(rule, wanted)).map(hidingFinding),
    ...missingRules(rules, wanted),
    ...rules
      .filter((rule) => rule.enabled && touches(rule, wanted))
      .flatMap((rule) => transitionFindings(rule, { smallOnesStay }, contents, wanted)),
  ]);
}

/** Days that a version which was hidden has to stay. */
export function noncurrentDays({ lock }: Wanted): number {
  return lock?.days ?? NOTICE;
}

/**
 * Whether a rule hides what is in use. Age says nothing about use in a repository, where the snapshot of today needs
 * packs of a year ago. Dated folders are whole for themselves, and only those that are kept are in use.
 */
export function harms(rule: Rule, wanted: Wanted): boolean {
  if (!rule.enabled || rule.expires === undefined || !touches(rule, wanted)) return false;
  return wanted.kind === 'restic' || rule.expires <= wanted.kept;
}

/** Whether a rule removes hidden versions of what lasts too early. */
export function isEarly(rule: Rule, wanted: Wanted): boolean {
  const { enabled, noncurrent } = rule;
  return enabled && noncurrent !== undefined && noncurrent < noncurrentDays(wanted) && touches(rule, wanted);
}

/** Whether a rule may speak of objects that last. Tags and sizes narrow it, but nobody can tell by how much. */
function touches({ prefix }: Rule, wanted: Wanted): boolean {
  return lastingParts(wanted)
    .map((part) => `${rootOf(wanted)}${part.replace('*', '')}`)
    .some((part) => prefix.startsWith(part) || part.startsWith(prefix));
}

function hidingFinding({ id, expires = 0 }: Rule): GuardFinding {
  return finding('lifecycle-hides', { rule: id, days: expires });
}

function missingRules(rules: readonly Rule[], wanted: Wanted): readonly GuardFinding[] {
  const root = rootOf(wanted);
  const covering = (part: string) =>
    rules.filter(({ enabled, narrowed, prefix }) => enabled && !narrowed && part.startsWith(prefix));
  const found: GuardFinding[] = [];

  for (const { id, noncurrent: days = 0 } of rules.filter((rule) => isEarly(rule, wanted)))
    found.push(finding('lifecycle-noncurrent-early', { rule: id, days, wanted: noncurrentDays(wanted) }));
  const covers = covering(root);
  if (!covers.some((rule) => rule.noncurrent !== undefined)) found.push(finding('lifecycle-no-noncurrent'));
  if (!covers.some((rule) => rule.removesMarkers)) found.push(finding('lifecycle-no-markers'));
  if (!covers.some((rule) => rule.unfinished !== undefined)) found.push(finding('lifecycle-no-unfinished'));
  for (const prefix of passingPrefixes(wanted)) {
    if (!covering(prefix).some((rule) => rule.expires !== undefined))
      found.push(finding('lifecycle-no-locks', { prefix }));
  }
  return found;
}

/** What lives for minutes. */
export function passingPrefixes(wanted: Wanted): readonly string[] {
  return [locksFolder(wanted), TAMPER_TESTS];
}

function transitionFindings(
  { id: rule, transitions }: Rule,
  { smallOnesStay }: Pick<Lifecycle, 'smallOnesStay'>,
  contents: Posture['contents'],
  wanted: Wanted,
): readonly GuardFinding[] {
  return transitions.flatMap(({ days, storageClass }) => {
    const price = storageClasses[storageClass];
    if (price !== undefined && price.wait > 0 && (wanted.kind === 'restic' || days <= wanted.kept))
      return [finding('lifecycle-archives', { rule, class: storageClass, days, hours: price.wait })];
    const size = contents.known ? averageSize(contents.value) : undefined;
    if (size === undefined) return [];
    if (smallOnesStay && size < LEAST_MOVED)
      return [finding('lifecycle-floor', { rule, class: storageClass })];
    const life = Math.max(wanted.kept, wanted.lock?.days ?? 0);
    const factor = costFactor(size, life, { after: days, to: storageClass });
    if (factor <= 1 || price === undefined) return [];
    return [
      finding('lifecycle-costs-more', {
        rule,
        class: storageClass,
        size,
        factor: factor.toFixed(1),
        least: price.leastDays,
      }),
    ];
  });
}

function averageSize({ objects, bytes }: Contents): number | undefined {
  return objects === 0 ? undefined : Math.round(bytes / objects);
}
