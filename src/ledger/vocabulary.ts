/** The words that a column may hold. As records they can't miss a word that the model has. */
import type { VerifyLevel } from '../model/finding.ts';
import type { Outcome, Verb } from '../model/run.ts';
import type { Trouble } from '../model/trouble.ts';

export const verbs: Readonly<Record<Verb, true>> = {
  backup: true,
  copy: true,
  restore: true,
  verify: true,
  forget: true,
  prune: true,
  repair: true,
  guard: true,
};

export const outcomes: Readonly<Record<Outcome, true>> = {
  succeeded: true,
  partial: true,
  failed: true,
  cancelled: true,
  interrupted: true,
};

export const weights: Readonly<Record<Trouble['weight'], true>> = { note: true, problem: true };

export const levels: Readonly<Record<VerifyLevel, true>> = { structure: true, sample: true, full: true };
