/** A policy that is proposed: values with the remarks that explain them, before it is a text in a language. */
import type { Bilingual } from '../../base/language.ts';

/** A value of the policy file. */
export type Setting = string | number | boolean | readonly Setting[] | { readonly [key: string]: Setting };

export interface ProposedComponent {
  readonly name: string;
  readonly remarks: readonly Bilingual[];
  /** undefined: there are only remarks */
  readonly settings: Setting | undefined;
  /** it stands there as a comment, for something has to be filled in first */
  readonly isProposed?: boolean;
}

export interface ProposedTarget {
  readonly name: string;
  readonly remarks: readonly Bilingual[];
  readonly components: readonly ProposedComponent[];
  readonly restore?: { readonly before: readonly Setting[]; readonly after: readonly Setting[] };
}

export interface Proposal {
  readonly remarks: readonly Bilingual[];
  readonly targets: readonly ProposedTarget[];
  /** the mount point of a disk for the vault */
  readonly disk: string | undefined;
}
