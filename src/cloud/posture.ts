/** How a bucket stands: everything that guard asks, each with its answer or the reason why there is none. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { Fact } from './fact.ts';
import type { Statement } from './statement.ts';

export interface Posture {
  readonly exists: Fact<boolean>;
  readonly versioning: Fact<'enabled' | 'suspended' | 'off'>;
  readonly lock: Fact<LockSetting>;
  readonly lifecycle: Fact<Lifecycle>;
  readonly encryption: Fact<Encryption>;
  readonly publicAccess: Fact<PublicAccess>;
  /** the text of the bucket policy and its statements; none where there is no policy */
  readonly policy: Fact<BucketPolicy>;
  /** the server's clock minus ours, in milliseconds */
  readonly clock: Fact<number>;
  /** of the vault, by a look at its first objects or at all of them */
  readonly contents: Fact<Contents>;
  /** access keys of who we are; undefined where the server has no accounts of AWS */
  readonly keys: Fact<readonly AccessKey[]> | undefined;
  /** what whoever we are may do, of what nobody who uploads should; undefined as above */
  readonly rights: Fact<readonly string[]> | undefined;
}

export interface LockSetting {
  readonly enabled: boolean;
  /** what an object gets that is put without a date of its own */
  readonly byDefault: { readonly mode: string; readonly days: number } | undefined;
}

export interface Lifecycle {
  readonly rules: readonly Rule[];
  /** objects under 128 KB stay where they are, whatever a rule says */
  readonly smallOnesStay: boolean;
}

export interface Rule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  /** it is only for objects with certain tags or sizes */
  readonly narrowed: boolean;
  /** it hides current objects after so many days, or from a date on (0) */
  readonly expires: number | undefined;
  readonly removesMarkers: boolean;
  /** it removes what is no longer current after so many days */
  readonly noncurrent: number | undefined;
  /** it removes unfinished uploads after so many days */
  readonly unfinished: number | undefined;
  readonly transitions: readonly { readonly days: number; readonly storageClass: string }[];
  /** as the server told it, to be put back unchanged */
  readonly told: LifecycleRule;
}

export interface Encryption {
  /** AES256, aws:kms …; undefined where nothing is said */
  readonly algorithm: string | undefined;
  /** kinds that the bucket refuses */
  readonly blocked: readonly string[];
}

export interface PublicAccess {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export interface BucketPolicy {
  readonly text: string | undefined;
  readonly statements: readonly Statement[];
}

export interface Contents {
  readonly objects: number;
  readonly bytes: number;
  /** false: there are more than were looked at */
  readonly whole: boolean;
}

export interface AccessKey {
  readonly id: string;
  /** milliseconds since 1970 UTC */
  readonly created: number;
  readonly active: boolean;
}
