/** How it is shown what locking will come to. */
import type { PricedForecast, PricedProtection } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText } from '../report/report.ts';

const texts = {
  locks: {
    en: 'locks in {vault}: {objects} objects ({size}) until {until}, {extended} locks are made longer; {puts} PUT and {gets} GET requests ({price} by list price)',
    ja: '{vault} のロック: {objects} オブジェクト（{size}）を {until} まで、延長 {extended} 件。PUT {puts}・GET {gets} リクエスト（定価で {price}）',
  },
  longer: {
    en: 'it needs {objects} objects ({size}); the locks of {extended} ({extendedSize}) are made longer: {puts} PUT and {gets} GET requests ({price} by list price)',
    ja: '必要なもの: {objects} オブジェクト（{size}）。うちロックを延長するもの: {extended} 件（{extendedSize}）。PUT {puts}・GET {gets} リクエスト（定価で {price}）',
  },
  longerStored: {
    en: 'what they hold is paid for until {until}, and nobody can undo that: {price} by list price',
    ja: '延長したものは {until} まで料金がかかり、取り消せません: 定価で {price}',
  },
  lockedNew: {
    en: 'what is new (up to {size}) is locked and paid for until {until}: {price} by list price',
    ja: '新規分（最大 {size}）は {until} までロックされ、料金がかかります: 定価で {price}',
  },
} as const satisfies Record<string, Bilingual>;

export function lockLines(vault: string, forecast: PricedForecast, language: Language): readonly string[] {
  const { objects, bytes, newBytes, extended, requests, until, newUntil, price } = forecast;
  const amount = amountIn(price.currency);
  return [
    fill(texts.locks[language], {
      vault,
      objects: countText(objects),
      size: formatSize(bytes),
      until: dayText(until),
      extended: countText(extended),
      puts: countText(requests.puts),
      gets: countText(requests.gets),
      price: amount(price.requests),
    }),
    fill(texts.lockedNew[language], {
      size: formatSize(newBytes),
      until: dayText(newUntil),
      price: amount(price.storage),
    }),
  ];
}

export function protectionLines(
  { objects, bytes, extended, extendedBytes, requests, until, price }: PricedProtection,
  language: Language,
): readonly string[] {
  const amount = amountIn(price.currency);
  return [
    fill(texts.longer[language], {
      objects: countText(objects),
      size: formatSize(bytes),
      extended: countText(extended),
      extendedSize: formatSize(extendedBytes),
      puts: countText(requests.puts),
      gets: countText(requests.gets),
      price: amount(price.requests),
    }),
    fill(texts.longerStored[language], { until: dayText(until), price: amount(price.storage) }),
  ];
}

function amountIn(currency: string): (value: number) => string {
  return (value) => `${Number(value.toPrecision(2))} ${currency}`;
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
