/** Why a snapshot stays or goes: the closed list of reasons, each with its mark and its text. */
import { type Bilingual, type Facts, fill, type Language, type PlaceholdersOf } from '../base/language.ts';

/** `protected` and `frozen` stay like `keep`, but because somebody said so and not by the rules. */
export type Mark = 'keep' | 'protected' | 'frozen' | 'remove';

interface ReasonSpec {
  readonly mark: Mark;
  readonly text: Bilingual;
}

export const retentionReasons = {
  protected: {
    mark: 'protected',
    text: { en: 'protected until {until}', ja: '{until} まで保護されています' },
  },
  frozen: {
    mark: 'frozen',
    text: { en: 'retention is frozen', ja: '世代の整理が凍結されています' },
  },
  future: {
    mark: 'keep',
    text: {
      en: 'lies in the future ({time}); it counts for nothing',
      ja: '未来の日時({time})のため、数に入れずに残します',
    },
  },
  'impossible-date': {
    mark: 'keep',
    text: {
      en: 'has an impossible date ({time}); it counts for nothing',
      ja: 'あり得ない日時({time})のため、数に入れずに残します',
    },
  },
  'kept-day': {
    mark: 'keep',
    text: {
      en: 'day {position} of {limit} that have a complete snapshot',
      ja: '完全なスナップショットがある日を新しい順に数えて {position} 日目({limit} 日分を保持)',
    },
  },
  'kept-week': {
    mark: 'keep',
    text: {
      en: 'week {position} of {limit} that have a complete snapshot',
      ja: '完全なスナップショットがある週を新しい順に数えて {position} 週目({limit} 週分を保持)',
    },
  },
  today: {
    mark: 'keep',
    text: { en: "one of today's", ja: '今日のスナップショットです' },
  },
  'last-complete': {
    mark: 'keep',
    text: { en: 'the last complete one', ja: '最後の完全なスナップショットです' },
  },
  'incomplete-newest': {
    mark: 'keep',
    text: {
      en: 'incomplete, and no complete one is newer',
      ja: '不完全ですが、これより新しい完全なスナップショットがありません',
    },
  },
  'incomplete-kept-day': {
    mark: 'keep',
    text: { en: 'incomplete, its day is still kept', ja: '不完全ですが、その日はまだ保持期間内です' },
  },
  'incomplete-kept-week': {
    mark: 'keep',
    text: { en: 'incomplete, its week is still kept', ja: '不完全ですが、その週はまだ保持期間内です' },
  },
  'safety-newest': {
    mark: 'keep',
    text: {
      en: 'safety copy, fewer than {limit} complete ones are newer',
      ja: '復元前の控えで、これより新しい完全な控えが {limit} 件ありません',
    },
  },
  'safety-young': {
    mark: 'keep',
    text: {
      en: 'safety copy, not older than {days} days',
      ja: '復元前の控えで、{days} 日を過ぎていません',
    },
  },
  'passed-day': {
    mark: 'remove',
    text: {
      en: 'day {position} that has a complete snapshot; {limit} are kept',
      ja: '完全なスナップショットがある日を新しい順に数えて {position} 日目(保持は {limit} 日分)',
    },
  },
  'passed-week': {
    mark: 'remove',
    text: {
      en: 'week {position} that has a complete snapshot; {limit} are kept',
      ja: '完全なスナップショットがある週を新しい順に数えて {position} 週目(保持は {limit} 週分)',
    },
  },
  'newer-same-day': {
    mark: 'remove',
    text: {
      en: 'a newer complete one is of the same day: {newer}',
      ja: '同じ日により新しい完全なスナップショットがあります: {newer}',
    },
  },
  'newer-same-week': {
    mark: 'remove',
    text: {
      en: 'a newer complete one is of the same week: {newer}',
      ja: '同じ週により新しい完全なスナップショットがあります: {newer}',
    },
  },
  'incomplete-newer-same-day': {
    mark: 'remove',
    text: {
      en: 'incomplete, a newer incomplete one is of the same day: {newer}',
      ja: '不完全で、同じ日により新しい不完全なスナップショットがあります: {newer}',
    },
  },
  'incomplete-newer-same-week': {
    mark: 'remove',
    text: {
      en: 'incomplete, a newer incomplete one is of the same week: {newer}',
      ja: '不完全で、同じ週により新しい不完全なスナップショットがあります: {newer}',
    },
  },
  'incomplete-passed': {
    mark: 'remove',
    text: {
      en: 'incomplete, older than all that is kept',
      ja: '不完全で、保持期間より前のものです',
    },
  },
  'incomplete-surplus': {
    mark: 'remove',
    text: {
      en: 'incomplete, {limit} newer incomplete ones are kept',
      ja: '不完全で、より新しい不完全なスナップショットをすでに {limit} 件保持しています',
    },
  },
  'safety-passed': {
    mark: 'remove',
    text: {
      en: 'safety copy, older than {days} days, and {limit} complete ones are newer',
      ja: '復元前の控えで、{days} 日を過ぎ、より新しい完全な控えが {limit} 件あります',
    },
  },
} as const satisfies Record<string, ReasonSpec>;

export type RetentionCode = keyof typeof retentionReasons;

export interface RetentionReason {
  readonly code: RetentionCode;
  readonly facts: Facts;
}

/** A reason, with a value for each placeholder of its text. */
export function because<Code extends RetentionCode>(
  code: Code,
  facts: { readonly [Name in PlaceholdersOf<(typeof retentionReasons)[Code]['text']['en']>]: Facts[string] },
): RetentionReason {
  return { code, facts };
}

export function reasonText(reason: RetentionReason, language: Language): string {
  return fill(retentionReasons[reason.code].text[language], reason.facts);
}
