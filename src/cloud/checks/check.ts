/** The form of every check: what is looked at, and how it stands. */
import type { Facts } from '../../base/language.ts';
import type { Fact } from '../fact.ts';
import { type GuardFinding, type GuardFindingCode, guardFindings } from '../finding.ts';

export type Aspect =
  | 'bucket'
  | 'versioning'
  | 'object-lock'
  | 'default-retention'
  | 'lifecycle'
  | 'encryption'
  | 'sse-kms'
  | 'sse-c'
  | 'public-access'
  | 'tls'
  | 'deletion'
  | 'lock-bounds'
  | 'clock'
  | 'access-keys'
  | 'own-rights';

/** `elsewhere`: this server has no such thing. */
export type CheckState = 'fine' | 'advice' | 'wrong' | 'unknown' | 'elsewhere';

export interface Check {
  readonly aspect: Aspect;
  readonly state: CheckState;
  readonly findings: readonly GuardFinding[];
  /** why it is unknown */
  readonly reason?: string;
}

export function finding(code: GuardFindingCode, facts: Facts = {}): GuardFinding {
  return { code, facts };
}

/** How a check stands by what was found; what could not be asked is unknown, never fine. */
export function check<Value>(
  aspect: Aspect,
  fact: Fact<Value> | undefined,
  examine: (value: Value) => readonly GuardFinding[],
): Check {
  if (fact === undefined) return { aspect, state: 'elsewhere', findings: [] };
  if (!fact.known) return { aspect, state: 'unknown', findings: [], reason: fact.reason };
  const findings = examine(fact.value);
  return { aspect, state: stateOf(findings), findings };
}

function stateOf(findings: readonly GuardFinding[]): CheckState {
  if (findings.some(({ code }) => guardFindings[code].severity !== 'advice')) return 'wrong';
  return findings.length === 0 ? 'fine' : 'advice';
}
