/** The tamper test of `hikae guard`, as it is shown: every attempt with its end. */
import type { Attempt, TamperEnd, TamperReport } from '../app/guard.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { describeFailure, formatTable } from '../report/report.ts';
import { shownTime } from './shown.ts';

const texts = {
  title: {
    en: '{vault} (bucket {bucket}): {key}, locked until {until}',
    ja: '{vault}（バケット {bucket}）: {key}（{until} までロック）',
  },
  unlocked: {
    en: '{vault} (bucket {bucket}): CRITICAL: it takes no locked object: {reason}\n→ Object Lock is off, or the keys may not lock. `hikae guard` says which.',
    ja: '{vault}（バケット {bucket}）: 重大: ロック付きのオブジェクトを置けません: {reason}\n→ オブジェクトロックが無効か、キーに権限がありません。`hikae guard` で確かめてください。',
  },
  attempt: { en: 'attempt', ja: '試みた操作' },
  end: { en: 'end', ja: '結果' },
  answer: { en: 'answer of the server', ja: 'サーバーの応答' },
  broken: {
    en: 'CRITICAL: an intruder with these keys destroys what the policy promises. Use `lock: { mode: compliance }`, and take from these keys what `hikae guard` names.',
    ja: '重大: このキーを奪われると、ポリシーの約束は破られます。`lock: { mode: compliance }` を使い、`hikae guard` が示す権限をこのキーから外してください。',
  },
  customer: {
    en: 'warning: the bucket takes objects that only the uploader can read (SSE-C); `hikae guard --apply` ends that.',
    ja: '警告: アップロード側の鍵による暗号化（SSE-C）を受け付けます。`hikae guard --apply` で拒否できます。',
  },
  stood: {
    en: 'The locked version is whole, with its bytes and its date. The lifecycle removes what the test has put.',
    ja: 'ロックした版は、内容も期日も無傷です。テストで置いたものはライフサイクルが削除します。',
  },
} as const satisfies Record<string, Bilingual>;

const attemptTexts: Readonly<Record<Attempt, Bilingual>> = {
  'delete-version': { en: 'delete the locked version', ja: 'ロックした版を削除する' },
  'delete-bypassing': { en: 'delete it bypassing governance', ja: 'GOVERNANCE を迂回して削除する' },
  shorten: { en: 'shorten its lock', ja: 'ロックを短縮する' },
  loosen: { en: 'turn its lock into governance', ja: 'ロックを GOVERNANCE に変える' },
  unlock: { en: 'lift its lock', ja: 'ロックを外す' },
  overwrite: { en: 'overwrite it', ja: '上書きする' },
  'overwrite-sse-c': {
    en: 'overwrite it, encrypted with a key of the intruder (SSE-C)',
    ja: '侵入者の鍵で暗号化して上書きする（SSE-C）',
  },
  delete: { en: 'hide it by a delete marker', ja: '削除マーカーで隠す' },
};

const endTexts = {
  refused: { en: 'refused', ja: '拒否' },
  survived: { en: 'accepted, harmless', ja: '受理されたが無害' },
  succeeded: { en: 'SUCCEEDED', ja: '成功（破られました）' },
} as const satisfies Record<string, Bilingual>;

export function tamperText({ ends }: TamperReport, zone: string, language: Language): string {
  return ends.map((end) => endText(end, zone, language)).join('\n\n');
}

function endText({ vault, bucket, test, error }: TamperEnd, zone: string, language: Language): string {
  if (test === undefined) return error === undefined ? '' : describeFailure(error, language).join('\n');
  if (!test.locked) return fill(texts.unlocked[language], { vault, bucket, reason: test.reason });
  const { key, until, ends } = test;
  const columns = (['attempt', 'end', 'answer'] as const).map((name) => ({ title: texts[name][language] }));
  const rows = ends.map(({ attempt, end, answer }) => [
    attemptTexts[attempt][language],
    endTexts[end][language],
    answer,
  ]);
  const broken = ends.some(({ end }) => end === 'succeeded');
  const customer = ends.some(({ attempt, end }) => attempt === 'overwrite-sse-c' && end === 'survived');
  return [
    fill(texts.title[language], { vault, bucket, key, until: shownTime(until, zone) }),
    formatTable(columns, rows),
    texts[broken ? 'broken' : 'stood'][language],
    ...(customer ? [texts.customer[language]] : []),
  ].join('\n');
}
