/** What a policy does, sentence by sentence, in the order in which it does it. */
import { wallTime } from '../base/calendar.ts';
import type { Bilingual } from '../base/language.ts';
import { formatSpan } from '../base/quantities.ts';
import { parseAt, weekdays } from './at.ts';
import { componentWords } from './component-words.ts';
import { keepOf, placeOf, schedulesOf, targetsOf } from './meaning.ts';
import type { Policy, PolicySchedule, ScheduleName } from './policy-file.ts';
import { nextTimes } from './schedule.ts';
import { say } from './wording.ts';

export interface Sentence {
  /** the part of the file that it tells of: `schedules.daily` */
  readonly path: string;
  readonly text: Bilingual;
}

const texts = {
  overview: {
    en: 'Snapshots are of host {host}; days and times are those of {zone}.',
    ja: 'ホスト {host} のスナップショットです。日付と時刻は {zone} のものです。',
  },
  target: { en: '{target}: {components}.', ja: '{target}: {components}。' },
  before: {
    en: 'Before {target} is captured: {commands} (each within {timeout}); if one fails, {target} is not captured.',
    ja: '{target} の取得前に実行: {commands}（それぞれ {timeout} 以内）。失敗すると {target} は取得しません。',
  },
  after: {
    en: 'After {target} is captured, whatever happened: {commands}.',
    ja: '{target} の取得後に必ず実行: {commands}。',
  },
  restore: {
    en: 'Around a restore of {target} in place: first {before}; at the end {after}.',
    ja: '{target} を元の場所へ復元するとき、前に実行: {before}。後に実行: {after}。',
  },
  daily: {
    en: '{schedule}: every day at {time}; next {next}.',
    ja: '{schedule}: 毎日 {time}。次回は {next}。',
  },
  weekly: {
    en: '{schedule}: every {day} at {time}; next {next}.',
    ja: '{schedule}: 毎週{day} {time}。次回は {next}。',
  },
  order: {
    en: '{schedule} takes, in this order: {targets}; each goes to {to}, and then what is no longer kept is removed.',
    ja: '{schedule} は次の順に取得します: {targets}。それぞれ {to} に書き込み、その後、保持期間を過ぎた世代を削除します。',
  },
  orderAndCopies: {
    en: '{schedule} takes, in this order: {targets}; each goes to {to}.',
    ja: '{schedule} は次の順に取得します: {targets}。それぞれ {to} に書き込みます。',
  },
  copies: {
    en: '{schedule}: then each snapshot is copied from {to} to, in this order: {copies}; with it go earlier ones that are missing there and would be kept. After each copy what that vault no longer keeps is removed, and at the end in {to}.',
    ja: '{schedule}: その後、各スナップショットを {to} から次の順に複製します: {copies}。以前に複製できず、そこで残すべきものも一緒に複製します。複製のたびにその保管先の保持期間を過ぎた世代を削除し、最後に {to} でも削除します。',
  },
  keep: {
    en: '{vault} ({kind} at {place}) keeps {kept}.',
    ja: '{vault}（{place} の{kind}）に残すもの: {kept}。',
  },
  mounted: {
    en: '{vault} is only written while {mounted} is a mount point.',
    ja: '{vault} には {mounted} がマウントされているときだけ書き込みます。',
  },
  lock: {
    en: 'In {vault} nobody can remove a snapshot for {days} days ({mode} lock).',
    ja: '{vault} のスナップショットは {days} 日間、誰も削除できません（{mode} ロック）。',
  },
  lockLimit: {
    en: 'What a run is about to lock in {vault} is told before the first lock. A run that comes to lock far more than usual (ten times the median of the last runs of its target, and more than 10 GB) asks; where there is nobody to ask, it fails, and publishes nothing there until it is run with --yes. The first three runs of a target are never asked about.',
    ja: '{vault} でロックする量は、最初のロックの前に示します。通常を大きく超える実行（そのターゲットの最近の実行の中央値の 10 倍、かつ 10 GB を超えるもの）は確認を求めます。尋ねる相手がいなければ失敗し、--yes を付けて実行するまで、そこには何も公開しません。各ターゲットの最初の 3 回は確認の対象外です。',
  },
  governance: {
    en: 'In {vault} a snapshot is locked for {days} days; who may bypass governance can lift that.',
    ja: '{vault} のスナップショットは {days} 日間ロックされます。governance を迂回できる権限があれば解除できます。',
  },
} as const satisfies Record<string, Bilingual>;

const keptTexts = {
  daily: {
    en: 'the newest {count} days that have a complete snapshot',
    ja: '完全なスナップショットがある最新 {count} 日分',
  },
  weekly: {
    en: 'the newest {count} ISO weeks that have a complete snapshot',
    ja: '完全なスナップショットがある最新 {count} 週分（ISO 週）',
  },
} as const;

const kindTexts = {
  plain: { en: 'dated folders', ja: '日付フォルダー' },
  restic: { en: 'an encrypted repository', ja: '暗号化リポジトリー' },
} as const;

const weekdayWords: readonly Bilingual[] = [
  { en: 'Sunday', ja: '日曜日' },
  { en: 'Monday', ja: '月曜日' },
  { en: 'Tuesday', ja: '火曜日' },
  { en: 'Wednesday', ja: '水曜日' },
  { en: 'Thursday', ja: '木曜日' },
  { en: 'Friday', ja: '金曜日' },
  { en: 'Saturday', ja: '土曜日' },
];

export function planSentences(policy: Policy, now: number): readonly Sentence[] {
  return [
    { path: 'host', text: say(texts.overview, { host: policy.host, zone: policy.timezone }) },
    ...targetSentences(policy),
    ...schedulesOf(policy).flatMap(([name, schedule]) => scheduleSentences(policy, name, schedule, now)),
    ...vaultSentences(policy),
  ];
}

function targetSentences(policy: Policy): readonly Sentence[] {
  return Object.entries(policy.targets).flatMap(
    ([target, { components, before, after, restore, timeout }]) => {
      const path = `targets.${target}`;
      const sentences = [
        { path, text: say(texts.target, { target, components: componentWords(components) }) },
      ];
      if (before.length > 0) {
        const words = { target, commands: commands(before), timeout: formatSpan(timeout / 1000) };
        sentences.push({ path: `${path}.before`, text: say(texts.before, words) });
      }
      if (after.length > 0) {
        sentences.push({
          path: `${path}.after`,
          text: say(texts.after, { target, commands: commands(after) }),
        });
      }
      if (restore.before.length + restore.after.length > 0) {
        const words = { target, before: commands(restore.before), after: commands(restore.after) };
        sentences.push({ path: `${path}.restore`, text: say(texts.restore, words) });
      }
      return sentences;
    },
  );
}

function scheduleSentences(
  policy: Policy,
  name: ScheduleName,
  schedule: PolicySchedule,
  now: number,
): readonly Sentence[] {
  const path = `schedules.${name}`;
  const time = parseAt(schedule.at);
  const { to, copyTo } = schedule;
  const [next] = nextTimes(schedule.at, policy.timezone, now, 1);
  if (time === undefined || next === undefined)
    throw new TypeError(`not a time of a schedule: ${schedule.at}`);
  const words = { schedule: name, time: schedule.at.slice(-5), next: moment(next, policy.timezone) };
  const day = time.weekday === undefined ? undefined : weekdayWords[time.weekday];
  const text = day === undefined ? say(texts.daily, words) : say(texts.weekly, { ...words, day });
  const targets = targetsOf(policy, schedule);
  const sentences = [
    { path, text },
    {
      path,
      text: say(copyTo.length === 0 ? texts.order : texts.orderAndCopies, { schedule: name, targets, to }),
    },
  ];
  if (copyTo.length > 0) {
    sentences.push({
      path: `${path}.copyTo`,
      text: say(texts.copies, { schedule: name, to, copies: copyTo }),
    });
  }
  return sentences;
}

function vaultSentences(policy: Policy): readonly Sentence[] {
  return Object.entries(policy.vaults).flatMap(([vault, settings]) => {
    const path = `vaults.${vault}`;
    const kind = settings.plain === undefined ? kindTexts.restic : kindTexts.plain;
    const kept = keptIn(policy, vault);
    if (kept === undefined) return [];
    const words = { vault, kind, place: placeOf(settings), kept };
    const sentences = [{ path: `${path}.keep`, text: say(texts.keep, words) }];
    const { mounted, lock } = settings;
    if (mounted !== undefined)
      sentences.push({ path: `${path}.mounted`, text: say(texts.mounted, { vault, mounted }) });
    if (lock !== undefined) {
      const days = Math.floor(lock.for / 86_400_000);
      const template = lock.mode === 'compliance' ? texts.lock : texts.governance;
      sentences.push({ path: `${path}.lock`, text: say(template, { vault, days, mode: lock.mode }) });
      sentences.push({ path: `${path}.lock`, text: say(texts.lockLimit, { vault }) });
    }
    return sentences;
  });
}

/** Only of the schedules that write to the vault; undefined when none does. */
function keptIn(policy: Policy, vault: string): Bilingual | undefined {
  const keep = keepOf(policy, vault);
  const kept = schedulesOf(policy)
    .filter(([, { to, copyTo }]) => to === vault || copyTo.includes(vault))
    .map(([name]) => say(keptTexts[name], { count: keep[name] }));
  if (kept.length === 0) return undefined;
  return { en: kept.map((text) => text.en).join(' and '), ja: kept.map((text) => text.ja).join('、') };
}

function commands(hooks: readonly (readonly string[])[]): Bilingual {
  if (hooks.length === 0) return { en: 'nothing', ja: 'なし' };
  const text = hooks.map((argv) => argv.join(' ')).join('; ');
  return { en: text, ja: text };
}

function moment(instant: number, zone: string): Bilingual {
  const { year, month, day, hour, minute } = wallTime(instant, zone);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)}`;
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const time = `${two(hour)}:${two(minute)}`;
  return {
    en: `${weekdays[weekday]} ${date} ${time}`,
    ja: `${date}（${weekdayWords[weekday]?.ja.charAt(0)}）${time}`,
  };
}
