/** Everything that can be wrong in a policy file, in words. */
import type { Bilingual } from '../base/language.ts';

export interface Mistake {
  readonly code: MistakeCode;
  /** both count from 1 */
  readonly line: number;
  readonly column: number;
  /** `targets.mail.components.vmail.exclude[0]`; empty for the file as a whole */
  readonly path: string;
  readonly text: Bilingual;
  /** the known word that was probably meant */
  readonly suggestion?: string;
}

export type MistakeCode = keyof typeof mistakeTexts;

export const mistakeTexts = {
  yaml: { en: 'this is not valid YAML: {reason}', ja: 'YAML として正しくありません: {reason}' },
  'duplicate-key': { en: 'the key "{key}" is here twice', ja: 'キー "{key}" が重複しています' },
  'unknown-alias': {
    en: 'nothing before this is named &{name}',
    ja: 'これより前に &{name} と名付けたものがありません',
  },
  'alias-of-itself': {
    en: '*{name} stands inside &{name} itself',
    ja: '*{name} が &{name} 自身の中にあります',
  },
  aliases: {
    en: 'the aliases in this file expand to more than a policy can be',
    ja: 'このファイルのエイリアスは、ポリシーとしてありえない量に展開されます',
  },
  empty: { en: 'the file is empty', ja: 'ファイルが空です' },
  'unknown-key': {
    en: 'unknown key "{key}"; known here: {known}',
    ja: '未知のキー "{key}" です。ここで使えるキー: {known}',
  },
  missing: { en: '"{key}" is missing', ja: '"{key}" がありません' },
  type: { en: 'expected {expected}, found {found}', ja: '{expected}が必要ですが、{found}があります' },
  choice: {
    en: '{value} is none of: {choices}',
    ja: '{value} は使えません。使える値: {choices}',
  },
  'too-small': { en: '{value} is less than {least}', ja: '{value} は下限の {least} を下回っています' },
  'too-large': { en: '{value} is more than {most}', ja: '{value} は上限の {most} を超えています' },
  'too-few': { en: 'at least {least} entries are needed', ja: '少なくとも {least} 個の項目が必要です' },
  'empty-text': { en: 'the text is empty', ja: '文字列が空です' },
  format: { en: '{value} does not have the right form', ja: '{value} は形式が正しくありません' },
  name: {
    en: '{value} is no name: use lower case letters, digits, ".", "_" and "-", beginning with a letter or digit, 100 at most',
    ja: '{value} は名前に使えません。英小文字、数字、"."、"_"、"-" を使い、英小文字か数字で始めてください（100 文字まで）',
  },
  'reserved-name': {
    en: '{value} is a name that hikae uses itself',
    ja: '{value} は hikae 自身が使う名前のため使えません',
  },
  'file-name': {
    en: '{value} is not the name of a single file',
    ja: '{value} は単独のファイル名ではありません',
  },
  'absolute-path': {
    en: '{value} is not an absolute path (beginning with "/", without "." and ".." in it)',
    ja: '{value} は絶対パスではありません（"/" で始め、"." や ".." を含めないでください）',
  },
  glob: { en: '{value} is not a glob', ja: '{value} は glob ではありません' },
  argv: {
    en: 'a command is a list of a program and its arguments, such as [systemctl, stop, dovecot]',
    ja: 'コマンドは [systemctl, stop, dovecot] のように、プログラムと引数のリストで書きます',
  },
  duration: {
    en: '{value} is not a duration such as 30m, 24h or 90d',
    ja: '{value} は期間ではありません。30m、24h、90d のように書きます',
  },
  rate: {
    en: '{value} is not a rate such as 2MB/s',
    ja: '{value} は速度ではありません。2MB/s のように書きます',
  },
  line: {
    en: '{value} is not the speed of a line such as 10Mbit',
    ja: '{value} は回線の速度ではありません。10Mbit のように書きます',
  },
  share: {
    en: '{value} is not a share such as 50%',
    ja: '{value} は割合ではありません。50% のように書きます',
  },
  'timeout-bounds': {
    en: 'a timeout is from 1s to 1d, not {value}',
    ja: '制限時間は 1s から 1d までです（{value} は範囲外です）',
  },
  'wait-bounds': {
    en: 'a wait is at most 1h, not {value}',
    ja: '待ち時間は 1h までです（{value} は範囲外です）',
  },
  'lock-bounds': {
    en: 'a lock is for 1d to 366d, not {value}: it cannot be undone',
    ja: 'ロックの期間は 1d から 366d までです（{value} は範囲外です）。取り消せないため上限があります',
  },
  'generation-bounds': {
    en: 'a generation of locks is from 1d to 90d, not {value}',
    ja: 'ロックの更新間隔は 1d から 90d までです（{value} は範囲外です）',
  },
  'time-zone': {
    en: '{value} is not a time zone such as Asia/Tokyo',
    ja: '{value} は時間帯ではありません。Asia/Tokyo のように書きます',
  },
  at: {
    en: '{value} is not a time such as "02:00" or "Sun 04:00"',
    ja: '{value} は時刻ではありません。"02:00" や "Sun 04:00" のように書きます',
  },
  'weekday-missing': {
    en: 'a weekly schedule needs a weekday: "Sun {value}"',
    ja: 'weekly には曜日が必要です: "Sun {value}"',
  },
  'weekday-extra': {
    en: 'a daily schedule has no weekday: "{time}" instead of "{value}"',
    ja: 'daily に曜日は書けません。"{value}" ではなく "{time}" と書きます',
  },
  location: {
    en: '{value} is no place for a vault: use an absolute path, sftp://user@host/path (without a password) or s3://bucket/prefix',
    ja: '{value} は保管先になりません。絶対パス、sftp://user@host/path（パスワードは含めない）、s3://bucket/prefix のいずれかを書いてください',
  },
  endpoint: {
    en: '{value} is not an address such as http://127.0.0.1:8000',
    ja: '{value} はアドレスではありません。http://127.0.0.1:8000 のように書きます',
  },
  'environment-name': {
    en: '{value} is not the name of an environment variable',
    ja: '{value} は環境変数の名前ではありません',
  },
  host: { en: '{value} is not a host name', ja: '{value} はホスト名ではありません' },
  address: { en: '{value} is not a mail address', ja: '{value} はメールアドレスではありません' },
  currency: {
    en: '{value} is not a currency such as JPY',
    ja: '{value} は通貨ではありません。JPY のように書きます',
  },
  secret: {
    en: 'a secret is not written here but where it can be read from: { file: /path }, { env: NAME } or { command: [program, argument] }',
    ja: '秘密の値はここに書かず、読み取り元を書きます: { file: /path }、{ env: NAME }、{ command: [プログラム, 引数] }',
  },
  'one-of': {
    en: 'exactly one of these keys is needed: {keys}',
    ja: '次のキーのうち、ちょうど 1 つが必要です: {keys}',
  },
  'no-target': { en: 'there is no target', ja: 'ターゲットがありません' },
  'no-component': { en: 'this target has no component', ja: 'このターゲットにはコンポーネントがありません' },
  'no-vault': { en: 'there is no vault', ja: '保管先がありません' },
  'no-schedule': { en: 'there is no schedule', ja: 'スケジュールがありません' },
  'only-for': { en: '"{key}" is only for {what}', ja: '"{key}" が使えるのは{what}だけです' },
  'needs-password': {
    en: 'an encrypted repository needs a password: password: { file: /path }',
    ja: '暗号化リポジトリーにはパスワードが必要です: password: { file: /path }',
  },
  'unknown-vault': {
    en: 'there is no vault "{value}"; there are: {known}',
    ja: '保管先 "{value}" はありません。定義済み: {known}',
  },
  'unknown-target': {
    en: 'there is no target "{value}"; there are: {known}',
    ja: 'ターゲット "{value}" はありません。定義済み: {known}',
  },
  'copy-to-itself': {
    en: '"{value}" is already what the schedule writes to',
    ja: '"{value}" はすでにこのスケジュールの書き込み先（to）です',
  },
  twice: { en: '"{value}" is here twice', ja: '"{value}" が 2 回書かれています' },
  'same-path': { en: '{value} is already {other}', ja: '{value} はすでに {other} にあります' },
  overlap: {
    en: '{value} lies inside {other}, which is in the same component: leave it out here',
    ja: '{value} は同じコンポーネントの {other} に含まれます。ここには書かないでください',
  },
  'vault-in-source': {
    en: 'the vault {value} lies inside {source} ({other}): it would take in its own snapshots',
    ja: '保管先 {value} が取得元 {source}（{other}）の中にあります。自身のスナップショットまで取り込んでしまいます',
  },
  'source-in-vault': {
    en: 'the source {value} lies inside the vault {vault} ({other})',
    ja: '取得元 {value} が保管先 {vault}（{other}）の中にあります',
  },
  'vault-in-vault': {
    en: 'the vault {value} lies inside the vault {vault} ({other})',
    ja: '保管先 {value} が別の保管先 {vault}（{other}）の中にあります',
  },
  mounted: {
    en: '"{value}" is neither the vault {vault} nor a folder above it',
    ja: '"{value}" は保管先 {vault} 自身でも、その上のフォルダーでもありません',
  },
  amounts: {
    en: '"critical" ({value}) is less than "warning" ({warning})',
    ja: '"critical"（{value}）が "warning"（{warning}）を下回っています',
  },
} as const satisfies Record<string, Bilingual>;

export const didYouMean: Bilingual = {
  en: '{text} - did you mean "{suggestion}"?',
  ja: '{text} - "{suggestion}" の間違いではありませんか？',
};

/** The types of YAML values, as a person calls them. */
export const typeWords: Readonly<Record<string, Bilingual>> = {
  string: { en: 'text', ja: '文字列' },
  number: { en: 'a number', ja: '数値' },
  int: { en: 'a whole number', ja: '整数' },
  boolean: { en: 'true or false', ja: '真偽値（true / false）' },
  object: { en: 'keys with values', ja: 'キーと値の組' },
  record: { en: 'keys with values', ja: 'キーと値の組' },
  array: { en: 'a list', ja: 'リスト' },
  null: { en: 'nothing', ja: '空の値' },
};
