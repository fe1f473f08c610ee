/** Every event as one sentence. */
import { type Bilingual, type Facts, fill, type Language, printable } from '../../base/language.ts';
import { formatSize } from '../../base/quantities.ts';
import type { Event, Failure, ListPrice } from '../../model/events.ts';
import { findingTexts } from '../../model/finding.ts';
import { troubleText } from '../../model/trouble.ts';
import { warningText } from '../../model/warning.ts';
import { countText, spanText } from './quantity-texts.ts';
import { outcomeTexts, phaseTexts, targetText, verbTexts } from './word-texts.ts';

const checkTexts = {
  kept: { en: '{vault}: ✔ {what}  {seconds} s', ja: '{vault}: ✔ {what}  {seconds} 秒' },
  broken: { en: '{vault}: ✖ {what}: {reason}', ja: '{vault}: ✖ {what}: {reason}' },
  refused: { en: '{vault}: - {what}: {reason}', ja: '{vault}: - {what}: {reason}' },
  'not-asked': { en: '{vault}: - {what}: not asked', ja: '{vault}: - {what}: 対象外' },
} as const satisfies Record<string, Bilingual>;

const texts = {
  runStarted: { en: '{verb} started: {targets}', ja: '{verb}を開始しました: {targets}' },
  runFinished: { en: '{verb}: {outcome} after {span}', ja: '{verb}: {outcome}（所要時間 {span}）' },
  targetFinished: { en: '{target}: {outcome} after {span}', ja: '{target}: {outcome}（所要時間 {span}）' },
  targetFailed: {
    en: '{target}: {outcome} after {span}: {message}\n→ {hint}\n  ({code})',
    ja: '{target}: {outcome}（所要時間 {span}）: {message}\n→ {hint}\n  ({code})',
  },
  expected: { en: '{files} entries, {size} ahead', ja: '対象は {files} 件、{size} です' },
  expectedAbout: { en: 'about {files} entries, {size} ahead', ja: '対象はおよそ {files} 件、{size} です' },
  done: { en: '{files} entries, {size} done', ja: '{files} 件、{size} を処理しました' },
  componentStarted: { en: '{target}/{component} …', ja: '{target}/{component} …' },
  componentFinished: {
    en: '{target}/{component}: {files} files, {size}, {newSize} of it new',
    ja: '{target}/{component}: {files} ファイル、{size}（うち新規 {newSize}）',
  },
  componentFailed: {
    en: '{target}/{component} is missing in the snapshot: {message}\n→ {hint}\n  ({code})',
    ja: '{target}/{component} をスナップショットに保存できませんでした: {message}\n→ {hint}\n  ({code})',
  },
  hookBefore: { en: 'running before it: {command}', ja: '事前コマンドを実行しています: {command}' },
  hookAfter: { en: 'running after it: {command}', ja: '事後コマンドを実行しています: {command}' },
  note: { en: 'note: {target}: {text}', ja: '補足: {target}: {text}' },
  problem: { en: 'problem: {target}: {text}', ja: '問題: {target}: {text}' },
  warning: { en: 'warning: {text}', ja: '警告: {text}' },
  published: {
    en: 'snapshot {place} is complete in {vault}',
    ja: '{vault} にスナップショット {place} を保存しました',
  },
  publishedIncomplete: {
    en: 'snapshot {place} is in {vault}, incomplete',
    ja: '{vault} に不完全なスナップショット {place} を保存しました',
  },
  expectedLocks: {
    en: 'to be locked in {vault}: {objects} objects ({size}) until {until}, by about {puts} PUT and {gets} GET requests ({requests} by list price); of it up to {newSize} are new, locked and paid for until {newUntil} ({storage})',
    ja: '{vault} でロックするもの: {objects} オブジェクト（{size}）を {until} まで。リクエストは PUT 約 {puts}・GET 約 {gets}（定価で {requests}）。うち新規分（最大 {newSize}）は {newUntil} までロックされ、料金がかかります（定価で {storage}）',
  },
  expectedProtection: {
    en: '{place} in {vault} needs {objects} objects ({size}); the locks of {extended} ({extendedSize}) are made longer, until {until}, by about {puts} PUT and {gets} GET requests ({requests} by list price), and what they hold is paid for until then ({storage})',
    ja: '{vault} の {place} に必要なのは {objects} オブジェクト（{size}）です。うち {extended} 件（{extendedSize}）のロックを {until} まで延長します。リクエストは PUT 約 {puts}・GET 約 {gets}（定価で {requests}）、延長分の保管料は期日までで {storage}（定価）です',
  },
  lockedPrice: {
    en: '; {puts} PUT and {gets} GET requests ({requests} by list price), and {storage} a month for what is locked',
    ja: '。PUT {puts}・GET {gets} リクエスト（定価で {requests}）、ロック分の保管は月 {storage}',
  },
  locked: {
    en: '{objects} objects ({size}) are locked in {vault} until {until} at least; {extended} locks were extended',
    ja: '{vault} の {objects} オブジェクト（{size}）を少なくとも {until} までロックしました（延長 {extended} 件）',
  },
  copied: {
    en: 'snapshot {place} was copied from {from} to {vault}: {size}, of which {sent} were sent and the rest was there',
    ja: 'スナップショット {place} を {from} から {vault} へ複製しました: {size}（送信 {sent}、残りは複製先に既存）',
  },
  copiedIncomplete: {
    en: 'snapshot {place}, incomplete, was copied from {from} to {vault}: {size}, of which {sent} were sent and the rest was there',
    ja: '不完全なスナップショット {place} を {from} から {vault} へ複製しました: {size}（送信 {sent}、残りは複製先に既存）',
  },
  removed: {
    en: 'snapshot {place} was removed from {vault}',
    ja: '{vault} からスナップショット {place} を削除しました',
  },
  finding: {
    en: 'damaged in {vault}: {where}: {text} ({reason})',
    ja: '{vault} に損傷があります: {where}: {text}（{reason}）',
  },
  findingShared: {
    en: 'damaged in {vault}: {where}: {text} ({reason}); the same in {others}',
    ja: '{vault} に損傷があります: {where}: {text}（{reason}）。{others} も同じです',
  },
} as const satisfies Record<string, Bilingual>;

function failureFacts(failure: Failure | undefined, language: Language): Facts {
  if (failure === undefined) return {};
  const { code, message, hint, ja } = failure;
  return { code, ...(language === 'ja' && ja !== undefined ? ja : { message, hint }) };
}

export function eventText(event: Event, language: Language): string {
  const say = (text: Bilingual, facts: Facts) => fill(text[language], facts);
  switch (event.type) {
    case 'run.started':
      return say(texts.runStarted, { verb: verbTexts[event.verb][language], targets: event.targets });
    case 'run.finished':
      return say(texts.runFinished, {
        verb: verbTexts[event.verb][language],
        outcome: outcomeTexts[event.outcome][language],
        span: spanText(event.seconds, language),
      });
    case 'target.started':
      return targetText(event, language);
    case 'target.finished':
      return say(event.error === undefined ? texts.targetFinished : texts.targetFailed, {
        target: event.target,
        outcome: outcomeTexts[event.outcome][language],
        span: spanText(event.seconds, language),
        ...failureFacts(event.error, language),
      });
    case 'work.expected':
      return say(event.exact ? texts.expected : texts.expectedAbout, amount(event));
    case 'work.done':
      return say(texts.done, amount(event));
    case 'phase':
      return phaseTexts[event.phase][language];
    case 'component.started':
      return say(texts.componentStarted, { target: event.target, component: event.component });
    case 'component.finished':
      return say(event.error === undefined ? texts.componentFinished : texts.componentFailed, {
        target: event.target,
        component: event.component,
        ...amount(event),
        newSize: formatSize(event.newBytes),
        ...failureFacts(event.error, language),
      });
    case 'hook.started':
      return say(event.when === 'before' ? texts.hookBefore : texts.hookAfter, {
        command: event.argv.join(' '),
      });
    case 'trouble': {
      const { text, facts } = troubleText(event.trouble);
      return say(texts[event.trouble.weight], { target: event.target, text: fill(text[language], facts) });
    }
    case 'warning':
      return say(texts.warning, { text: warningSentence(event.code, event.facts, language) });
    case 'snapshot.published':
      return say(event.complete ? texts.published : texts.publishedIncomplete, {
        place: event.place,
        vault: event.vault,
      });
    case 'locks.expected':
      return say(texts.expectedLocks, {
        vault: event.vault,
        objects: countText(event.objects),
        size: formatSize(event.bytes),
        newSize: formatSize(event.newBytes),
        until: dateOf(event.until),
        newUntil: dateOf(event.newUntil),
        ...priceFacts(event.price, event.requests),
      });
    case 'protection.expected':
      return say(texts.expectedProtection, {
        vault: event.vault,
        place: event.place,
        objects: countText(event.objects),
        size: formatSize(event.bytes),
        extended: countText(event.extended),
        extendedSize: formatSize(event.extendedBytes),
        until: dateOf(event.until),
        ...priceFacts(event.price, event.requests),
      });
    case 'locks.set': {
      const { price, requests } = event;
      const set = say(texts.locked, {
        vault: event.vault,
        objects: countText(event.objects),
        size: formatSize(event.bytes),
        extended: countText(event.extended),
        until: new Date(event.until).toISOString(),
      });
      if (price === undefined || requests === undefined) return set;
      return `${set}${say(texts.lockedPrice, priceFacts(price, requests))}`;
    }
    case 'snapshot.copied':
      return say(event.complete ? texts.copied : texts.copiedIncomplete, {
        place: event.place,
        from: event.from,
        vault: event.vault,
        size: formatSize(event.bytes),
        sent: formatSize(event.newBytes),
      });
    case 'snapshot.removed':
      return say(texts.removed, { place: event.place, vault: event.vault });
    case 'check.finished': {
      const { vault, end, what, seconds, reason = '' } = event;
      const facts = { vault, what: what[language], seconds: seconds.toFixed(1), reason };
      return say(checkTexts[end], facts);
    }
    case 'finding': {
      const { kind, places, path, reason } = event.finding;
      const [first = '', ...others] = places;
      return say(others.length === 0 ? texts.finding : texts.findingShared, {
        vault: event.vault,
        where: path === '' ? first : `${first}/${path}`,
        text: findingTexts[kind][language],
        reason,
        others,
      });
    }
  }
}

function priceFacts(
  { currency, requests, storage }: ListPrice,
  { puts, gets }: { readonly puts: number; readonly gets: number },
): Facts {
  const money = (value: number) => `${Number(value.toPrecision(2))} ${currency}`;
  return {
    puts: countText(puts),
    gets: countText(gets),
    requests: money(requests),
    storage: money(storage),
  };
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function amount({ files, bytes }: { readonly files: number; readonly bytes: number }) {
  return { files: countText(files), size: formatSize(bytes) };
}

function warningSentence(code: string, facts: Facts, language: Language): string {
  const text = warningText(code);
  if (text !== undefined) return fill(text[language], facts);
  const told = Object.entries(facts).map(([name, fact]) => `${name}: ${printable(String(fact))}`);
  return [code, ...told].join(', ');
}
