/** What a verification found wrong. */
import type { Bilingual } from '../base/language.ts';

export type VerifyLevel = 'structure' | 'sample' | 'full';

export type FindingKind = keyof typeof findingTexts;

export interface Finding {
  readonly kind: FindingKind;
  /** the snapshots that share what is damaged, by their place in the vault; the one it was found in first */
  readonly places: readonly string[];
  /** the path in the snapshot, as it is shown; empty for the snapshot as a whole */
  readonly path: string;
  /** what was expected and what was met */
  readonly reason: string;
}

export const findingTexts = {
  content: { en: 'its content is not what was stored', ja: '内容が保存時と異なります' },
  missing: { en: 'it is missing', ja: '見つかりません' },
  extra: { en: 'nothing says that it should be there', ja: 'スナップショットにないはずのものがあります' },
  size: { en: 'its size is not what was stored', ja: 'サイズが保存時と異なります' },
  attribute: { en: 'its attributes are not what was stored', ja: '属性が保存時と異なります' },
  manifest: { en: 'the manifest is damaged', ja: 'マニフェストが壊れています' },
  checksums: {
    en: 'checksums.sha256 does not agree with the manifest',
    ja: 'checksums.sha256 がマニフェストと一致しません',
  },
  unreadable: { en: 'it could not be read', ja: '読み取れません' },
} as const satisfies Record<string, Bilingual>;
