/** What a policy may say already and hikae does not do yet. Nobody may believe that it happens. */
import type { Bilingual } from '../base/language.ts';
import { parseLocation } from './location.ts';
import { placeOf } from './meaning.ts';
import type { Policy } from './policy-file.ts';
import { say } from './wording.ts';

export interface NotYetActing {
  /** where it stands in the file: `vaults.s3` */
  readonly path: string;
  readonly text: Bilingual;
}

const texts = {
  limits: { en: 'bounds of the line are not kept yet', ja: '回線の上限はまだ適用されません' },
  notify: { en: 'nobody is told yet', ja: '通知はまだ送られません' },
  scan: { en: 'nothing is scanned yet', ja: '検査はまだ行われません' },
  cost: { en: 'costs are not watched yet', ja: '費用はまだ監視されません' },
  drill: { en: 'drills are not held yet', ja: '復元訓練はまだ行われません' },
} as const satisfies Record<string, Bilingual>;

/** Marks a sentence of the plan, so that nobody takes a promise for a deed. */
export function notYet(text: Bilingual): Bilingual {
  return say({ en: '{text} [not yet]', ja: '{text}［未対応］' }, { text });
}

export function notYetActing(policy: Policy): readonly NotYetActing[] {
  const found: NotYetActing[] = [];
  for (const [name, vault] of Object.entries(policy.vaults)) {
    const kind = parseLocation(placeOf(vault))?.kind;
    if (vault.limits !== undefined && kind === 'local')
      found.push({ path: `vaults.${name}.limits`, text: texts.limits });
  }
  for (const key of ['notify', 'scan', 'cost', 'drill'] as const) {
    if (policy[key] !== undefined) found.push({ path: key, text: texts[key] });
  }
  return found;
}
