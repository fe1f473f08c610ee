/**
 * The facts that engines tell while they work. No text, no percentages, no throttling: terminal, JSON lines and
 * ledger make of them what they need. The stage adds `at` and `run` (see Emit in report).
 */
import type { Bilingual, Facts } from '../base/language.ts';
import type { Finding } from './finding.ts';
import type { Outcome, Verb } from './run.ts';
import type { Trouble } from './trouble.ts';

export type Event =
  | { readonly type: 'run.started'; readonly verb: Verb; readonly targets: readonly string[] }
  | {
      readonly type: 'run.finished';
      readonly verb: Verb;
      readonly outcome: Outcome;
      readonly seconds: number;
    }
  | { readonly type: 'target.started'; readonly verb: Verb; readonly target: string; readonly vault: string }
  | {
      readonly type: 'target.finished';
      readonly verb: Verb;
      readonly target: string;
      /** where it ended up: another one than it started with where that was out of reach */
      readonly vault: string;
      readonly outcome: Outcome;
      readonly seconds: number;
      readonly error?: Failure;
    }
  /** how much work lies ahead: exact, or what the snapshot before had */
  | {
      readonly type: 'work.expected';
      readonly files: number;
      readonly bytes: number;
      readonly exact: boolean;
    }
  /** work that has been done since the last such event; `files` counts every node, `unchanged` those that were linked */
  | {
      readonly type: 'work.done';
      readonly files: number;
      readonly bytes: number;
      readonly unchanged: number;
      readonly changed: number;
    }
  /** the run waits for something that takes time and moves no bytes */
  | { readonly type: 'phase'; readonly phase: Phase }
  | { readonly type: 'component.started'; readonly target: string; readonly component: string }
  | {
      readonly type: 'component.finished';
      readonly target: string;
      readonly component: string;
      readonly files: number;
      readonly bytes: number;
      readonly newBytes: number;
      readonly error?: Failure;
    }
  | { readonly type: 'hook.started'; readonly when: 'before' | 'after'; readonly argv: readonly string[] }
  | { readonly type: 'trouble'; readonly target: string; readonly trouble: Trouble }
  /** something about the set-up that a person should look at; see `warnings` in warning.ts */
  | { readonly type: 'warning'; readonly code: string; readonly facts: Facts }
  | {
      readonly type: 'snapshot.published';
      readonly vault: string;
      readonly place: string;
      readonly id: string;
      readonly complete: boolean;
    }
  /** what locking the next snapshot will come to, as in LockForecast of vaults, with its list price */
  | {
      readonly type: 'locks.expected';
      readonly vault: string;
      readonly objects: number;
      readonly bytes: number;
      readonly newBytes: number;
      readonly extended: number;
      readonly requests: { readonly puts: number; readonly gets: number };
      readonly until: number;
      readonly newUntil: number;
      readonly price: ListPrice;
    }
  /** what making the locks of a snapshot longer will come to, as in ProtectionForecast of vaults, with its list price */
  | {
      readonly type: 'protection.expected';
      readonly vault: string;
      readonly place: string;
      readonly objects: number;
      readonly bytes: number;
      readonly extended: number;
      readonly extendedBytes: number;
      readonly requests: { readonly puts: number; readonly gets: number };
      /** milliseconds since 1970 UTC */
      readonly until: number;
      readonly price: ListPrice;
    }
  /** everything that a snapshot needs is locked in its vault; `until` is in milliseconds since 1970 UTC */
  | {
      readonly type: 'locks.set';
      readonly vault: string;
      readonly objects: number;
      readonly bytes: number;
      /** objects that the server was asked about, and those whose lock was made longer */
      readonly asked: number;
      readonly extended: number;
      /** what was put under lock for it, and the requests that all this took */
      readonly stored?: { readonly objects: number; readonly bytes: number };
      readonly requests?: { readonly puts: number; readonly gets: number };
      /** of the requests, and of a month for all that is locked */
      readonly price?: ListPrice;
      readonly until: number;
    }
  | {
      readonly type: 'snapshot.copied';
      readonly vault: string;
      /** the vault that it was read from */
      readonly from: string;
      readonly place: string;
      readonly id: string;
      readonly complete: boolean;
      readonly files: number;
      readonly bytes: number;
      /** bytes that the vault grew by */
      readonly newBytes: number;
    }
  | { readonly type: 'snapshot.removed'; readonly vault: string; readonly place: string; readonly id: string }
  /** one of the things that the place of a vault is tried for */
  | {
      readonly type: 'check.finished';
      readonly vault: string;
      readonly name: string;
      readonly end: 'kept' | 'broken' | 'refused' | 'not-asked';
      readonly what: Bilingual;
      readonly seconds: number;
      /** what was found, where it does not hold */
      readonly reason?: string;
    }
  | { readonly type: 'finding'; readonly vault: string; readonly finding: Finding };

/** What S3 asks for by its list: for requests, and for storage. */
export interface ListPrice {
  readonly currency: string;
  readonly requests: number;
  readonly storage: number;
}

export type Phase =
  | 'waiting'
  | 'listing'
  | 'copying'
  | 'syncing'
  | 'locking'
  | 'publishing'
  | 'forgetting'
  | 'planning'
  | 'safety'
  | 'verifying'
  | 'pruning'
  | 'repairing';

/** An error as it is told in an event and kept in the ledger. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** the same two in Japanese, where it is one of hikae's own errors */
  readonly ja?: { readonly message: string; readonly hint: string };
}

export type Emit = (event: Event) => void;
