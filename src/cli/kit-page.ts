/** The page of a recovery kit: to be printed, and understood by who has nothing else. */
import type { Kit } from '../app/operations.ts';
import type { Bilingual, Language } from '../base/language.ts';
import { fill } from '../base/language.ts';
import { kitLines, shellWord } from './kit-lines.ts';
import { shownKey, shownTime } from './shown.ts';

const texts = {
  title: { en: 'RECOVERY KIT of the repository {vault}', ja: 'リポジトリー {vault} の復旧キット' },
  purpose: {
    en: 'With this page alone the data of {host} can be brought back after the machine is lost.\nKeep it where neither fire nor an intruder on that machine gets: on paper in a safe, or in\nthe password manager of another person. Whoever has it can read all of the repository.',
    ja: 'この紙だけで、マシンを失った後でも {host} のデータを取り戻せます。\n火災や、マシンへの侵入者の手が届かない場所（金庫の中の紙、別の人のパスワード管理ツールなど）に\n保管してください。この紙を持つ人は、リポジトリーの内容をすべて読めます。',
  },
  place: { en: 'Place', ja: '場所' },
  bucket: { en: 'Bucket', ja: 'バケット' },
  prefix: { en: 'Prefix', ja: 'プレフィックス' },
  region: { en: 'Region', ja: 'リージョン' },
  endpoint: { en: 'Endpoint', ja: 'エンドポイント' },
  repository: { en: 'Repository', ja: 'リポジトリーID' },
  targets: { en: 'Targets', ja: 'ターゲット' },
  key: { en: 'Key', ja: '鍵' },
  made: { en: '{key}, made {time}', ja: '{key}（{time} 作成）' },
  password: { en: 'Password', ja: 'パスワード' },
  typed: { en: '(in small letters, with the hyphens)', ja: '（小文字で、ハイフンも含めて入力）' },
  elsewhere: {
    en: 'on the page that was printed when this key was made',
    ja: 'この鍵の作成時に印刷した紙にあります',
  },
  file: {
    en: 'On any Linux: put the password, alone, into a file that only you can read.',
    ja: 'どの Linux でも構いません。パスワードだけを、自分しか読めないファイルに書きます。',
  },
  disk: {
    en: 'Mount the disk that {place} lies on.',
    ja: '{place} があるディスクをマウントします。',
  },
  login: {
    en: 'You need a login (a key or a password) for that host by SSH; log in once, to know its key.',
    ja: 'そのホストへの SSH ログイン（鍵かパスワード）が必要です。一度ログインして、ホスト鍵を登録します。',
  },
  access: {
    en: 'You need access keys that may read the bucket: ask whoever administers the account.',
    ja: 'バケットを読み取れるアクセスキーが必要です。アカウントの管理者に依頼してください。',
  },
  restic: { en: 'With restic (apt install restic):', ja: 'restic を使う場合（apt install restic）:' },
  hikae: { en: 'Or with hikae:', ja: 'hikae を使う場合:' },
  lookBack: {
    en: 'If somebody has deleted or overwritten what is in the bucket, add to the lines of 4 a time\n   before that, such as 2026-11-22T15:00:00Z:',
    ja: 'バケットの中身が削除・上書きされている場合は、4 の各行に、それより前の時刻\n   （例: 2026-11-22T15:00:00Z）を加えます:',
  },
  confirm: {
    en: 'When this page is in its place: hikae kit confirm --vault {vault}',
    ja: 'この紙を保管したら: hikae kit confirm --vault {vault}',
  },
} as const satisfies Record<string, Bilingual>;

/** In both languages, that of the reader first: nobody knows who will find it. */
export function kitPage(kit: Kit, zone: string, language: Language): string {
  const other = language === 'en' ? 'ja' : 'en';
  return [pageIn(kit, zone, language), '-'.repeat(78), pageIn(kit, zone, other)].join('\n\n');
}

function pageIn(kit: Kit, zone: string, language: Language): string {
  const { vault, host } = kit;
  return [
    fill(texts.title[language], { vault }),
    '',
    fill(texts.purpose[language], { host }),
    '',
    ...factLines(kit, zone, language),
    '',
    ...stepLines(kit, language),
    '',
    fill(texts.confirm[language], { vault: shellWord(vault) }),
  ].join('\n');
}

function factLines(kit: Kit, zone: string, language: Language): string[] {
  const { location, place, region, endpoint, repository, targets, key, password } = kit;
  const made = fill(texts.made[language], { key: shownKey(key.id), time: shownTime(key.created, zone) });
  const secret =
    password === undefined ? texts.elsewhere[language] : `${password.reveal()}   ${texts.typed[language]}`;
  const facts: readonly (readonly [keyof typeof texts, string | undefined])[] = [
    ['place', place],
    ['bucket', location.kind === 's3' ? location.bucket : undefined],
    ['prefix', location.kind === 's3' ? location.prefix : undefined],
    ['region', region],
    ['endpoint', endpoint],
    ['repository', repository],
    ['targets', targets.join(', ')],
    ['key', made],
    ['password', secret],
  ];
  return facts.flatMap(([name, fact]) =>
    fact === undefined || fact === '' ? [] : [`  ${texts[name][language]}: ${fact}`],
  );
}

function stepLines(kit: Kit, language: Language): string[] {
  const { location, place } = kit;
  const access = { local: texts.disk, sftp: texts.login, s3: texts.access }[location.kind];
  const lines = kitLines(kit);
  const typed = (some: readonly string[]) => some.map((line) => `     ${line}`);
  return [
    `1. ${texts.file[language]}`,
    ...typed(lines.password),
    `2. ${fill(access[language], { place })}`,
    ...typed(lines.access),
    `3. ${texts.restic[language]}`,
    ...typed(lines.restic),
    `4. ${texts.hikae[language]}`,
    ...typed(lines.hikae),
    ...(location.kind === 's3' ? [`5. ${texts.lookBack[language]}`, ...typed(['--as-of …'])] : []),
  ];
}
