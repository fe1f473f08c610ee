/**
 * A policy in words: what will happen when, what is kept, and what is not covered. Everything that is asked of the
 * machine comes in as facts, so that the same policy, time and facts give the same words.
 */
import type { Gap } from './gap.ts';
import { gapsOf } from './gaps.ts';
import type { HostFacts } from './host-facts.ts';
import { notYet, notYetActing } from './later.ts';
import { planSentences, type Sentence } from './plan-sentences.ts';
import type { Policy } from './policy-file.ts';

export interface ExplainOptions {
  /** milliseconds since 1970 UTC */
  readonly now: number;
  readonly facts: HostFacts;
  readonly signal: AbortSignal;
}

export interface Explanation {
  /** what is protected, when it happens, in which order, what is kept */
  readonly plan: readonly Sentence[];
  /** what is not covered, by the part of the file that it concerns */
  readonly gaps: readonly Gap[];
  /** what the file says and hikae does not do yet */
  readonly notYetActing: readonly Sentence[];
}

export async function explainPolicy(policy: Policy, options: ExplainOptions): Promise<Explanation> {
  const later = notYetActing(policy);
  const isLater = ({ path }: Sentence) => later.some((one) => `${path}.`.startsWith(`${one.path}.`));
  return {
    plan: planSentences(policy, options.now).map((sentence) =>
      isLater(sentence) ? { ...sentence, text: notYet(sentence.text) } : sentence,
    ),
    gaps: await gapsOf(policy, options),
    notYetActing: later,
  };
}
