/**
 * What a capture or a restore has to tell of single entries.
 *
 * A note is nothing to act on: something changed or vanished while it was read. A problem is something
 * that could not be read or written and is therefore missing; it makes the run `partial`.
 */
import type { Bilingual, Facts } from '../base/language.ts';
import { defineTroubles } from './trouble-table.ts';

export interface Trouble {
  readonly weight: 'note' | 'problem';
  readonly code: TroubleCode;
  /** the path as it is shown to a person */
  readonly path: string;
  /** what the operating system or a command said, in its own words */
  readonly reason: string;
}

export type TroubleSink = (trouble: Trouble) => void;

export const troubles = defineTroubles({
  vanished: {
    weight: 'note',
    text: { en: '{path} vanished while it was read', ja: '{path} は読み取り中に消えました' },
  },
  changed: {
    weight: 'note',
    text: {
      en: '{path} kept changing while it was read; what was read is kept',
      ja: '{path} は読み取り中に変わり続けたため、読み取れた内容を保存しました',
    },
  },
  unreadable: {
    weight: 'problem',
    text: { en: '{path} could not be read: {reason}', ja: '{path} を読み取れませんでした: {reason}' },
  },
  attribute: {
    weight: 'problem',
    text: {
      en: 'an attribute of {path} could not be read: {reason}',
      ja: '{path} の属性を読み取れませんでした: {reason}',
    },
  },
  'manifest-only': {
    weight: 'note',
    text: {
      en: '{path}: {reason} is kept in the manifest only',
      ja: '{path}: {reason} はマニフェストにのみ保存されます',
    },
  },
  unwritable: {
    weight: 'problem',
    text: { en: '{path} could not be restored: {reason}', ja: '{path} を復元できませんでした: {reason}' },
  },
  'stored-damaged': {
    weight: 'problem',
    text: {
      en: '{path} could not be restored, because the copy in the vault is damaged; what was there is left as it is',
      ja: '保管先にあるコピーが壊れているため {path} を復元できませんでした。復元先にあったものはそのまま残しています',
    },
  },
  'stored-unreadable': {
    weight: 'problem',
    text: {
      en: '{path} could not be restored, because the copy in the vault cannot be read: {reason}; what was there is left as it is',
      ja: '保管先にあるコピーを読み取れないため {path} を復元できませんでした({reason})。復元先にあったものはそのまま残しています',
    },
  },
  'attribute-unset': {
    weight: 'problem',
    text: {
      en: 'an attribute of {path} could not be set: {reason}',
      ja: '{path} の属性を設定できませんでした: {reason}',
    },
  },
  'owner-unset': {
    weight: 'note',
    text: {
      en: '{path}: owner and group need root, and stay those of who restores',
      ja: '{path}: 所有者とグループの復元には root が必要なため、実行した人のままです',
    },
  },
  'live-database': {
    weight: 'note',
    text: {
      en: '{path} holds a live database ({reason}); a copy of its files may not start, so give it a database source',
      ja: '{path} には稼働中のデータベース({reason})があります。ファイルの写しでは起動しないことがあるので、データベース用の source を使ってください',
    },
  },
  'not-transactional': {
    weight: 'note',
    text: {
      en: '{path} knows no transactions ({reason}): it is in the dump as it was when its turn came, not at the instant of the others',
      ja: '{path} はトランザクションに対応していません({reason})。他のテーブルと同じ時点ではなく、読み取り時点の内容です',
    },
  },
  'left-over': {
    weight: 'note',
    text: {
      en: '{path} was left behind by a restore of {reason}; remove it once nobody needs it',
      ja: '{path} は {reason} の復元が残したものです。不要なら削除してください',
    },
  },
  'no-role-passwords': {
    weight: 'note',
    text: {
      en: "{path} is without the roles' passwords, which the server shows to superusers only and {reason} is none",
      ja: '{path} にはロールのパスワードが含まれません。サーバーはスーパーユーザーにだけ見せ、{reason} はそうではないためです',
    },
  },
});

export type TroubleCode = keyof typeof troubles;

export function trouble(code: TroubleCode, path: string, reason: unknown = ''): Trouble {
  const said = reason instanceof Error ? reason.message : String(reason);
  return { weight: troubles[code].weight, code, path, reason: said };
}

export function troubleText(found: Trouble): { text: Bilingual; facts: Facts } {
  return { text: troubles[found.code].text, facts: { path: found.path, reason: found.reason } };
}
