/** How it is shown what locking will come to. */
import type { PricedForecast } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { countText } from '../report/report.ts';

const texts = {
  locks: {
    en: 'locks in {vault}: {objects} objects ({size}) until {until}, {extended} locks are made longer; {puts} PUT and {gets} GET requests ({price} by list price)',
    ja: '{vault} のロック: {objects} オブジェクト（{size}）を {until} まで、延長 {extended} 件。PUT {puts}・GET {gets} リクエスト（定価で {price}）',
  },
  lockedNew: {
    en: 'what is new (up to {size}) is locked and paid for until {until}: {price} by list price',
    ja: '新規分（最大 {size}）は {until} までロックされ、料金がかかります: 定価で {price}',
  },
} as const satisfies Record<string, Bilingual>;

export function lockLines(vault: string, forecast: PricedForecast, language: Language): readonly string[] {
  const { objects, bytes, newBytes, extended, requests, until, newUntil, price } = forecast;
  const amount = (value: number) => `${Number(value.toPrecision(2))} ${price.currency}`;
  const date = (time: number) => new Date(time).toISOString().slice(0, 10);
  return [
    fill(texts.locks[language], {
      vault,
      objects: countText(objects),
      size: formatSize(bytes),
      until: date(until),
      extended: countText(extended),
      puts: countText(requests.puts),
      gets: countText(requests.gets),
      price: amount(price.requests),
    }),
    fill(texts.lockedNew[language], {
      size: formatSize(newBytes),
      until: date(newUntil),
      price: amount(price.storage),
    }),
  ];
}
