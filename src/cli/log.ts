/** `hikae log`: what the ledger knows of the last runs. */
import { type Bilingual, fill, type Language, printable } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import type { Failure } from '../model/events.ts';
import { type Trouble, troubleText } from '../model/trouble.ts';
import { countText, formatTable, outcomeTexts, spanText, targetText, verbTexts } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { parsed, value } from './options.ts';
import { inPolicy } from './parts.ts';
import { shownId, shownTime } from './shown.ts';

const texts = {
  started: { en: 'started', ja: '開始' },
  verb: { en: 'run', ja: '実行' },
  targets: { en: 'targets', ja: 'ターゲット' },
  outcome: { en: 'outcome', ja: '結果' },
  took: { en: 'took', ja: '所要時間' },
  files: { en: 'entries', ja: '項目数' },
  size: { en: 'size', ja: 'サイズ' },
  added: { en: 'new', ja: '新規分' },
  problems: { en: 'problems', ja: '問題' },
  notes: { en: 'notes', ja: '補足' },
  id: { en: 'id', ja: 'ID' },
  running: { en: 'running', ja: '実行中' },
  none: { en: 'no runs are on record', ja: '実行の記録はありません' },
  note: { en: 'note: {text}', ja: '補足: {text}' },
  problem: { en: 'problem: {text}', ja: '問題: {text}' },
} as const satisfies Record<string, Bilingual>;

/** How many runs are listed where nothing is said. */
const LIMIT = 20;

export const logCommand = defineCommand({
  name: 'log',
  summary: {
    en: 'list the last runs, or the troubles of one',
    ja: '最近の実行、または 1 つの実行の問題を一覧します',
  },
  reads: true,
  arguments: {},
  options: {
    limit: parsed(
      'N',
      { en: 'how many runs (20 when not given)', ja: '件数（省略時は 20）' },
      { parse: parseLimit, expected: '1 … 10000' },
    ),
    run: value('ID', {
      en: 'one run in full: its targets, notes and problems',
      ja: '1 つの実行の詳細（ターゲット、補足、問題）',
    }),
  },
  examples: [
    { line: 'hikae log', text: { en: 'the last twenty runs', ja: '最近の 20 件' } },
    {
      line: 'hikae log --run 3fa2c1',
      text: { en: 'what was wrong with one of them', ja: 'そのうち 1 つの詳細' },
    },
  ],
  async run(context, _arguments, { limit = LIMIT, run: id }) {
    return inPolicy(context, async (parts) => {
      const { oneRun, recentRuns } = await import('../app/operations.ts');
      const { zone } = parts;
      if (id === undefined) {
        const runs = await recentRuns({ limit, asOf: context.asOf?.instantIn(zone) }, parts);
        await context.results.show(runs, (language) => runTable(runs, zone, language));
      } else {
        const found = await oneRun(id, parts);
        await context.results.show(found, (language) => runText(found, zone, language));
      }
      return {};
    });
  },
});

type Run = Awaited<ReturnType<typeof import('../app/operations.ts').oneRun>>['run'];

function parseLimit(given: string): number | undefined {
  const number = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  return number >= 1 && number <= 10_000 ? number : undefined;
}

function runTable(runs: readonly Run[], zone: string, language: Language): string {
  if (runs.length === 0) return texts.none[language];
  const columns = [
    ...(['started', 'verb', 'targets', 'outcome'] as const).map((key) => ({ title: texts[key][language] })),
    ...(['took', 'files', 'size', 'added', 'problems', 'notes'] as const).map((key) => ({
      title: texts[key][language],
      align: 'right' as const,
    })),
    { title: texts.id[language] },
  ];
  const rows = runs.map(({ id, verb, targets, outcome, started, finished, ...counts }) => [
    shownTime(started, zone),
    verbTexts[verb][language],
    targets.join(', '),
    (outcome === undefined ? texts.running : outcomeTexts[outcome])[language],
    finished === undefined ? '-' : spanText((finished - started) / 1000, language),
    countText(counts.files),
    formatSize(counts.bytes),
    formatSize(counts.newBytes),
    countText(counts.problems),
    countText(counts.notes),
    shownId(id),
  ]);
  return formatTable(columns, rows);
}

function runText(
  { run, troubles }: { readonly run: Run; readonly troubles: readonly Trouble[] },
  zone: string,
  language: Language,
): string {
  const failure = run.error === undefined ? [] : [failureText(run.error, language)];
  const targets = run.results.map(({ verb, target, vault, outcome, seconds, error }) => {
    const what = vault === undefined ? target : targetText({ verb, target, vault }, language);
    const line = `${what}: ${outcomeTexts[outcome][language]} (${spanText(seconds, language)})`;
    return error === undefined ? line : `${line}: ${failureText(error, language)}`;
  });
  const told = troubles.map((trouble) => {
    const { text, facts } = troubleText(trouble);
    return fill(texts[trouble.weight][language], { text: fill(text[language], facts) });
  });
  return [runTable([run], zone, language), '', ...failure, ...targets, ...told].join('\n');
}

function failureText({ code, ja, ...en }: Failure, language: Language): string {
  const { message, hint } = language === 'ja' && ja !== undefined ? ja : en;
  return printable(`${message}\n→ ${hint}\n  (${code})`);
}
