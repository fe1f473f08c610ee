/**
 * What a plan decided, in two bytes a node: an action, the reasons for it, and how it is carried out. A million
 * nodes cost 2 MB, and the manifest says the rest when it is read again.
 */
import type { RestoreAction } from '../../source.ts';

/** In the order of their bits. */
const reasonNames = ['type', 'content', 'target', 'mode', 'owner', 'times', 'xattrs', 'hardlink'] as const;

export type Reason = (typeof reasonNames)[number];

/** A set of reasons and marks with an action, as one number. */
export type Decision = number;

const ACTION_SHIFT = 8;
const ACTION_MASK = 3 << ACTION_SHIFT;
const REASONS_MASK = 0xff;
/** an entry that can't be replaced lies there: a folder that holds something which must stay */
export const BLOCKED = 1 << 10;
/** a new inode takes the old one's place, though some reasons alone would not need it */
export const REWRITE = 1 << 11;

const actions = ['leave', 'create', 'change'] as const satisfies readonly RestoreAction[];

export const LEAVE: Decision = 0;
export const CREATE: Decision = 1 << ACTION_SHIFT;
export const CHANGE: Decision = 2 << ACTION_SHIFT;

export function bitOf(reason: Reason): number {
  return 1 << reasonNames.indexOf(reason);
}

export function actionOf(decision: Decision): (typeof actions)[number] {
  return actions[(decision & ACTION_MASK) >> ACTION_SHIFT] ?? 'leave';
}

export function reasonsOf(decision: Decision): readonly Reason[] {
  return reasonNames.filter((name) => (decision & bitOf(name)) !== 0);
}

/** The decision that reasons lead to: none means that the entry is left. */
export function decisionFor(reasons: number): Decision {
  return (reasons & REASONS_MASK) === 0 ? LEAVE : CHANGE | reasons;
}

/** True when the entry gets a new inode, so that its content is written. */
export function writesAnew(decision: Decision): boolean {
  return (decision & CREATE) !== 0 || (decision & REWRITE) !== 0;
}

export class Decisions {
  #values = new Uint16Array(1_024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(decision: Decision): void {
    if (this.#count === this.#values.length) {
      const larger = new Uint16Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = decision;
  }

  /** Replaces one that was added before it could be known. */
  set(index: number, decision: Decision): void {
    this.#values[index] = decision;
  }

  /** undefined beyond the last */
  at(index: number): Decision | undefined {
    return index < this.#count ? this.#values[index] : undefined;
  }
}
