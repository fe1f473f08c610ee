/** Results that are a long list: written as they are found, since a snapshot may have millions of entries. */
import type { Language } from '../base/language.ts';
import { toJson } from '../report/report.ts';
import type { CommandContext } from './context.ts';

export interface StreamedList<Item> {
  /** what stands before the list, and, as `tail`, behind it */
  readonly head: Readonly<Record<string, unknown>>;
  /** the list's name in the JSON result */
  readonly name: string;
  readonly items: AsyncIterable<readonly Item[]>;
  readonly json: (item: Item) => unknown;
  readonly tail?: () => Readonly<Record<string, unknown>>;
  readonly headText: (language: Language) => string;
  readonly itemText: (item: Item, language: Language) => string;
  readonly tailText?: (language: Language) => string;
}

/** One JSON object with --json, else one line an item. What breaks it off leaves JSON that can't be parsed. */
export async function streamList<Item>(context: CommandContext, list: StreamedList<Item>): Promise<void> {
  return context.json ? writeJson(context, list) : writeText(context, list);
}

async function writeJson<Item>({ results }: CommandContext, list: StreamedList<Item>): Promise<void> {
  const { head, name, items, json, tail } = list;
  await results.write(`${toJson(head).slice(0, -1)},"${name}":[`);
  let before = '\n';
  for await (const batch of items) {
    let text = '';
    for (const item of batch) {
      text += before + toJson(json(item));
      before = ',\n';
    }
    await results.write(text);
  }
  const rest = tail === undefined ? '}' : `,${toJson(tail()).slice(1)}`;
  await results.write(`\n]${rest}\n`);
}

async function writeText<Item>(
  { results, language }: CommandContext,
  list: StreamedList<Item>,
): Promise<void> {
  await results.write(`${list.headText(language)}\n`);
  for await (const batch of list.items) {
    await results.write(batch.map((item) => `${list.itemText(item, language)}\n`).join(''));
  }
  if (list.tailText !== undefined) await results.write(`${list.tailText(language)}\n`);
}
