/** The words of backup as people read them. */
import { type Bilingual, fill, type Language } from '../../base/language.ts';
import type { Phase } from '../../model/events.ts';
import type { Outcome, Verb } from '../../model/run.ts';

export const verbTexts: Readonly<Record<Verb, Bilingual>> = {
  backup: { en: 'backup', ja: 'バックアップ' },
  copy: { en: 'copy', ja: '複製' },
  restore: { en: 'restore', ja: '復元' },
  verify: { en: 'verify', ja: '検証' },
  forget: { en: 'forget', ja: '世代整理' },
  prune: { en: 'prune', ja: '不要データの削除' },
  repair: { en: 'repair', ja: '修復' },
  guard: { en: 'guard', ja: 'バケットの点検' },
};

const targetTexts: Readonly<Record<Verb, Bilingual>> = {
  backup: { en: '{target} → {vault}', ja: '{target} → {vault}' },
  copy: { en: '{target} → {vault}', ja: '{target} → {vault}' },
  restore: { en: '{target} ← {vault}', ja: '{target} ← {vault}' },
  verify: { en: '{target} in {vault}', ja: '{vault} の {target}' },
  forget: { en: '{target} in {vault}', ja: '{vault} の {target}' },
  prune: { en: '{vault}', ja: '{vault}' },
  repair: { en: '{vault}', ja: '{vault}' },
  guard: { en: '{vault}', ja: '{vault}' },
};

/** How a verb's target and vault stand to each other. */
export function targetText(
  { verb, target, vault }: { readonly verb: Verb; readonly target: string; readonly vault: string },
  language: Language,
): string {
  return fill(targetTexts[verb][language], { target, vault });
}

export const outcomeTexts: Readonly<Record<Outcome, Bilingual>> = {
  succeeded: { en: 'succeeded', ja: '成功' },
  partial: { en: 'partial', ja: '一部成功' },
  failed: { en: 'failed', ja: '失敗' },
  cancelled: { en: 'cancelled', ja: '中断' },
  interrupted: { en: 'interrupted', ja: '異常終了' },
};

export const phaseTexts: Readonly<Record<Phase, Bilingual>> = {
  listing: { en: 'listing', ja: '一覧を作成中' },
  copying: { en: 'copying', ja: 'コピー中' },
  syncing: { en: 'writing to the disk', ja: 'ディスクへ書き込み中' },
  locking: { en: 'locking', ja: 'ロック中' },
  publishing: { en: 'publishing', ja: '公開中' },
  forgetting: { en: 'removing old snapshots', ja: '古いスナップショットを削除中' },
  planning: { en: 'planning', ja: '計画中' },
  safety: { en: 'taking a safety snapshot', ja: '退避用のスナップショットを作成中' },
  waiting: { en: 'waiting', ja: '待機中' },
  verifying: { en: 'verifying', ja: '検証中' },
  pruning: { en: 'removing data that nothing needs', ja: '不要なデータを削除中' },
  repairing: { en: 'repairing', ja: '修復中' },
};

/** What a plan does to an entry or a snapshot. */
export const actionTexts = {
  create: { en: 'create', ja: '作成' },
  change: { en: 'change', ja: '変更' },
  leave: { en: 'leave', ja: 'そのまま' },
  remove: { en: 'remove', ja: '削除' },
} as const satisfies Record<string, Bilingual>;
