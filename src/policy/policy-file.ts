/** A policy file as those who carry it out see it. */
import type { ParsedPolicy } from './schema.ts';

type DeepReadonly<Value> = Value extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value;

/** A policy as it was loaded: complete, checked and frozen. Durations are milliseconds, rates bytes a second. */
export type Policy = DeepReadonly<ParsedPolicy> & {
  readonly host: string;
  readonly timezone: string;
  /** where it was read, and what it says there; it holds no secrets */
  readonly file: string;
  readonly text: string;
};

export type Target = Policy['targets'][string];
export type Component = Target['components'][string];
export type PolicyVault = Policy['vaults'][string];
export type ScheduleName = keyof Policy['schedules'];
export type PolicySchedule = NonNullable<Policy['schedules'][ScheduleName]>;
