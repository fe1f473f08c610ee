/** `hikae vault test`: does the place of a vault keep what a vault needs? */
import type { TestEnd, VaultTest } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { countText } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { one } from './options.ts';
import { inPolicyWithTestPlaces } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  title: { en: '{vault}: tried at {place}', ja: '{vault}: {place} で試しました' },
  line: { en: '{mark} {what}  {seconds} s', ja: '{mark} {what}  {seconds} 秒' },
  notAsked: { en: '- {what}: not asked', ja: '- {what}: 対象外' },
  refused: {
    en: '  these keys may not: {reason}. For those of an uploader this is as it should be.',
    ja: '  この認証キーには権限がありません: {reason}。アップロード専用のキーなら正常です。',
  },
  found: { en: '  {reason}', ja: '  {reason}' },
  advice: { en: '  {why} → {mend}', ja: '  {why} → {mend}' },
  wrong: { en: '{count} checks do not hold', ja: '{count} 件が満たされていません' },
  well: { en: 'it keeps what a vault needs', ja: '保管先に必要なことはすべて満たされています' },
  clean: { en: 'nothing is left of the test', ja: 'テストで置いたものは残っていません' },
  objects: {
    en: 'these keys may not remove {count} objects of the test: remove {place} with others',
    ja: 'テストのオブジェクト {count} 個を、この認証キーでは削除できません。別のキーで {place} を削除してください',
  },
  versions: {
    en: '{count} hidden versions of the test are left below {place}; the lifecycle of the bucket removes them',
    ja: 'テストの隠れた版 {count} 個が {place} に残っています。バケットのライフサイクルが削除します',
  },
  locked: { en: '; some are locked until {until} at the latest', ja: '（一部は最長 {until} までロック）' },
} as const satisfies Record<string, Bilingual>;

export const vaultTestCommand = defineCommand({
  name: 'vault test',
  summary: {
    en: 'try out whether the place of a vault keeps what a vault needs',
    ja: '保管先の場所が、必要なことを満たすかを実際に試します',
  },
  description: {
    en: 'In a folder of its own beside what is there, the medium is asked what it keeps (objects, listing, names, write once, copies, locks, clock, speed), some 30 MB are sent at most, and then a small vault of the same kind is made, filled, read back and removed. It cleans up after itself, also when it fails or is cancelled; where a bucket locks, what it puts carries minutes. Exit code 21 when something does not hold.',
    ja: '既存のデータとは別のフォルダーで、媒体の動作（読み書き、一覧、名前、上書き防止、コピー、ロック、時計、速度）を確かめ（送信は最大 30 MB ほど）、同じ種類の小さな保管先を作成・保存・読み戻し・削除します。失敗や中断のときも後片付けをします。ロックするバケットでは、置くもののロックは数分だけです。満たされないものがあれば終了コード 21 です。',
  },
  arguments: { name: one('NAME', { en: 'its name in the policy', ja: 'ポリシーでの名前' }) },
  options: {},
  examples: [
    {
      line: 'hikae vault test s3',
      text: { en: 'before the first backup goes there', ja: '最初のバックアップの前に' },
    },
  ],
  async run(context, { name }) {
    return inPolicyWithTestPlaces(context, async (parts) => {
      const { testVault } = await import('../app/operations.ts');
      const test = await testVault(name, parts);
      await context.results.show(test, (language) => textOf(test, parts.zone, language));
      return { findings: test.wrong };
    });
  },
});

function textOf(test: VaultTest, zone: string, language: Language): string {
  const { vault, place, checks, wrong } = test;
  const verdict =
    wrong === 0 ? texts.well[language] : fill(texts.wrong[language], { count: countText(wrong) });
  return [
    fill(texts.title[language], { vault, place }),
    ...checks.flatMap((check) => linesOf(check, language)),
    verdict,
    remainsText(test, zone, language),
  ].join('\n');
}

function linesOf({ end, what, why, mend, reason = '', seconds, facts, told }: TestEnd, language: Language) {
  const said = what[language];
  if (end === 'not-asked') return [fill(texts.notAsked[language], { what: said })];
  const mark = end === 'broken' ? '✖' : end === 'refused' ? '-' : '✔';
  const measured = facts === undefined || told === undefined ? '' : ` (${fill(told[language], facts)})`;
  const line = fill(texts.line[language], { mark, what: `${said}${measured}`, seconds: seconds.toFixed(1) });
  if (end === 'refused') return [line, fill(texts.refused[language], { reason })];
  if (end === 'kept' || why === undefined || mend === undefined) return [line];
  const advice = { why: why[language], mend: mend[language] };
  return [line, fill(texts.found[language], { reason }), fill(texts.advice[language], advice)];
}

function remainsText({ remains, place }: VaultTest, zone: string, language: Language): string {
  const { objects, versions, until } = remains;
  if (objects > 0) return fill(texts.objects[language], { count: countText(objects), place });
  if (versions === 0) return texts.clean[language];
  const hidden = fill(texts.versions[language], { count: countText(versions), place });
  if (until === undefined) return hidden;
  return hidden + fill(texts.locked[language], { until: shownTime(until, zone) });
}
