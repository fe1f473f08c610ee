import type { RawPath } from '../../base/raw-path.ts';
import type { FindingKind } from '../../model/finding.ts';

/** What a check says of one path; verify.ts adds which snapshots share it. */
export interface Flaw {
  readonly kind: FindingKind;
  /** empty for the snapshot as a whole */
  readonly path: RawPath;
  /** where the file lies, if it is stored under another name than its own */
  readonly storedAt?: RawPath;
  readonly reason: string;
}
