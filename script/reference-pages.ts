/** The pages of docs/reference that are made from the code, as texts by their path. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ErrorSpec } from '../src/base/errors.ts';
import type { Language } from '../src/base/language.ts';
import { commands, groups } from '../src/cli/commands.ts';
import { exitCodes } from '../src/cli/exit-codes.ts';
import { parseCommandLine } from '../src/cli/parse.ts';

export const root = join(import.meta.dirname, '..');

export interface NamedError {
  readonly code: string;
  readonly spec: ErrorSpec;
  /** the file that declares it, relative to the root */
  readonly file: string;
}

/** Every error of hikae, from the tables that the rooms declare, by code. */
export async function allErrors(): Promise<NamedError[]> {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => join('src', file))
    .filter((file) => /(^|[/-])errors\.ts$/.test(file) || file === 'src/base/child-process.ts');
  const found: NamedError[] = [];
  for (const file of files) {
    const module: Record<string, unknown> = await import(pathToFileURL(join(root, file)).href);
    for (const value of Object.values(module)) {
      if (!hasSpecs(value)) continue;
      for (const [code, spec] of Object.entries(value.specs)) found.push({ code, spec, file });
    }
  }
  return found.sort((a, b) => (a.code < b.code ? -1 : 1));
}

function hasSpecs(value: unknown): value is { specs: Record<string, ErrorSpec> } {
  return typeof value === 'object' && value !== null && 'specs' in value;
}

export async function referencePages(): Promise<Map<string, string>> {
  const errors = await allErrors();
  const pages = new Map<string, string>();
  for (const language of ['en', 'ja'] as const) {
    const suffix = language === 'en' ? '' : '.ja';
    pages.set(`docs/reference/errors${suffix}.md`, errorsPage(errors, language));
    pages.set(`docs/reference/exit-codes${suffix}.md`, exitCodesPage(language));
    pages.set(`docs/reference/commands${suffix}.md`, await commandsPage(language));
  }
  return pages;
}

const made = {
  en: '<!-- Made by script/generate-reference.ts from the code; a change here is overwritten. -->',
  ja: '<!-- script/generate-reference.ts がコードから生成しています。ここを直接編集しても上書きされます。 -->',
};

const errorTexts = {
  title: { en: 'Errors', ja: 'エラー' },
  intro: {
    en: [
      'Every error has a code that stays the same whatever the language: it stands behind the message on the terminal,',
      'and in `error.code` with `--json`. Words in `{braces}` stand for values. An error that is marked *transient* may be',
      'gone when the same command is run a little later. What the exit codes mean is in [exit-codes.md](exit-codes.md).',
    ],
    ja: [
      'どのエラーにも、言語によらず変わらないコードがあります。端末ではメッセージの後に、`--json` では `error.code` に',
      '表示されます。`{波括弧}` の語には実際の値が入ります。*一時的* と書かれたエラーは、少し後に同じコマンドを実行すると',
      '解消していることがあります。終了コードの意味は [exit-codes.ja.md](exit-codes.ja.md) にあります。',
    ],
  },
  exit: { en: 'exit code', ja: '終了コード' },
  transient: { en: 'transient', ja: '一時的' },
  todo: { en: 'What to do', ja: '対処' },
} as const;

function errorsPage(errors: readonly NamedError[], language: Language): string {
  const { title, intro, exit, transient, todo } = errorTexts;
  const entries = errors.map(({ code, spec }) => {
    const marks = [`${exit[language]} ${spec.exit ?? 1}`, ...(spec.transient ? [transient[language]] : [])];
    const hint = `${todo[language]}: ${escaped(spec.hint[language])}`;
    return `## ${code}\n\n${escaped(spec.message[language])}\n\n${hint}\n\n*${marks.join(', ')}*\n`;
  });
  return [made[language], `# ${title[language]}`, intro[language].join('\n'), entries.join('\n')].join(
    '\n\n',
  );
}

/** What Markdown would take for markup shows as it is. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]|#]/g, '\\$&');
}

const exitTexts = {
  title: { en: 'Exit codes', ja: '終了コード' },
  intro: {
    en: 'When more than one applies, the first in this table wins. Which error leads to which code is in [errors.md](errors.md).',
    ja: '複数に当てはまるときは、この表で上にあるものが優先されます。どのエラーがどのコードになるかは [errors.ja.md](errors.ja.md) にあります。',
  },
  head: { en: '| Code | Meaning |', ja: '| コード | 意味 |' },
} as const;

function exitCodesPage(language: Language): string {
  const rows = exitCodes.map(({ code, text }) => `| ${code} | ${escaped(text[language])} |`);
  const table = [exitTexts.head[language], '| ---: | --- |', ...rows].join('\n');
  return `${[made[language], `# ${exitTexts.title[language]}`, exitTexts.intro[language], table].join('\n\n')}\n`;
}

const commandTexts = {
  title: { en: 'Commands', ja: 'コマンド' },
  intro: {
    en: 'What `hikae --help` and the help of each command say.',
    ja: '`hikae --help` と各コマンドのヘルプの内容です。',
  },
} as const;

async function commandsPage(language: Language): Promise<string> {
  const parts = [
    made[language],
    `# ${commandTexts.title[language]}`,
    commandTexts.intro[language],
    await helpOf([], language),
  ];
  for (const name of Object.keys(commands)) {
    parts.push(`## hikae ${name}`, await helpOf(name.split(' '), language));
  }
  return `${parts.join('\n\n')}\n`;
}

async function helpOf(words: readonly string[], language: Language): Promise<string> {
  const line = await parseCommandLine([...words, '--help'], { commands, groups }, { language, columns: 100 });
  if (line.kind !== 'help') throw new Error(`hikae ${words.join(' ')} --help shows no help`);
  return `\`\`\`text\n${line.text.trim()}\n\`\`\``;
}
