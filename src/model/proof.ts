/** What a server says of every object that a snapshot needs: evidence that it will stay. Times are in milliseconds since 1970 UTC. */
import type { Bilingual } from '../base/language.ts';

export type ProofFlaw = keyof typeof proofFlawTexts;

export interface ProvenObject {
  readonly key: string;
  readonly version: string;
  /** bytes */
  readonly size: number;
  readonly lock: { readonly mode: 'compliance' | 'governance'; readonly until: number } | 'none' | 'unknown';
  /**
   * Whether the server's own SHA-256 is that of what was stored, which is an object's name or stands in the manifest;
   * `named otherwise` where neither is so. `in parts`: it has hashes of the parts of a large object alone, each checked
   * when it was put, and there has never been another version.
   */
  readonly hash: 'same' | 'other' | 'unknown' | 'named otherwise' | 'in parts';
  /** the server's clock, and its number of the question */
  readonly time: number;
  readonly request: string;
}

export interface ProofFinding {
  readonly key: string;
  readonly flaw: ProofFlaw;
}

export interface Proof {
  readonly place: string;
  /** the snapshot's id */
  readonly id: string;
  readonly target: string;
  readonly objects: readonly ProvenObject[];
  readonly bytes: number;
  /** until when every object is locked; absent when not every one is known to be */
  readonly protectedUntil?: number;
  readonly findings: readonly ProofFinding[];
}

export const proofFlawTexts = {
  missing: { en: 'it is not there', ja: '存在しません' },
  hidden: {
    en: 'a marker or another version lies on top of it; it can be read with --as-of',
    ja: '削除マーカーか別のバージョンで隠れています（--as-of で読めます）',
  },
  'other-content': {
    en: 'none of its versions is what was stored',
    ja: '保存した内容と一致するバージョンがありません',
  },
  'unknown-content': {
    en: 'the server does not say what it has',
    ja: 'サーバーが内容のハッシュを示しません',
  },
  'not-locked': { en: 'it is not locked', ja: 'ロックされていません' },
  'unknown-lock': {
    en: 'the server does not say whether it is locked (perhaps these keys may not ask)',
    ja: 'ロックの有無をサーバーが示しません（認証キーの権限がない可能性があります）',
  },
  'lock-over': { en: 'its lock is over', ja: 'ロックの期限が過ぎています' },
  governance: {
    en: 'its lock is of the mode governance, which some may lift',
    ja: 'ロックが governance モードで、権限のある人は解除できます',
  },
} as const satisfies Record<string, Bilingual>;
