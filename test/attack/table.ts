/** The tables of docs/attacks.md and its Japanese twin. */
import type { Bilingual, Language } from '../../src/base/language.ts';
import type { Attack } from './attack.ts';
import { type AwsOnly, attacks, awsOnly } from './attacks.ts';

const texts = {
  attack: { en: 'attack', ja: '攻撃' },
  keys: { en: 'with the keys of', ja: '使う鍵' },
  answer: { en: 'the server', ja: 'サーバー' },
  reading: { en: 'what was there before', ja: 'それ以前のスナップショット' },
  time: { en: 'one restored in', ja: '1 個の復元' },
  uploader: { en: 'the host', ja: 'ホスト' },
  owner: { en: 'the bucket’s owner', ja: 'バケットの所有者' },
  refused: { en: 'refuses', ja: '拒否' },
  taken: { en: 'takes it', ja: '受け付ける' },
  'as ever': { en: 'restores as ever', ja: '通常どおり復元' },
  'as of': { en: 'restores with `--as-of`', ja: '`--as-of` で復元' },
  stop: { en: 'what stands against it', ja: '防ぐもの' },
} as const satisfies Record<string, Bilingual>;

/** Seconds that the restore of one snapshot took, by the attack's name. */
export type Times = ReadonlyMap<string, number>;

export function attackTable(language: Language, times: Times): string {
  const say = (name: keyof typeof texts) => texts[name][language];
  const row = ({ name, title, keys, answer, reading }: Attack) => [
    title[language],
    say(keys),
    say(answer),
    say(reading),
    shownTime(times.get(name)),
  ];
  const head = (['attack', 'keys', 'answer', 'reading', 'time'] as const).map(say);
  return tableOf(head, attacks.map(row));
}

export function awsTable(language: Language): string {
  const say = (name: keyof typeof texts) => texts[name][language];
  return tableOf(
    [say('attack'), say('stop')],
    awsOnly.map(({ title, stop }: AwsOnly) => [title[language], stop[language]]),
  );
}

/** What a page says that was measured. */
export function timesIn(page: string): Times {
  const times = [...page.matchAll(/\| (\d+\.\d) s \|$/gm)].map(([, seconds]) => Number(seconds));
  return new Map(attacks.map(({ name }, at) => [name, times[at] ?? Number.NaN]));
}

function shownTime(seconds = Number.NaN): string {
  return `${seconds.toFixed(1)} s`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
