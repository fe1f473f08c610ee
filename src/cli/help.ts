/** Help in two languages: commander's own words translated, examples and exit codes at the end. */
import type { Command as Commander, Help } from 'commander';
import type { Bilingual, Language } from '../base/language.ts';
import { widthOf, wrap } from '../report/report.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';

export const helpTexts = {
  program: {
    en: 'Dated, verified, restorable copies of the servers that people run themselves.',
    ja: '自分で運用するサーバーの、日付ごとに検証でき復元できる控えを取ります。',
  },
  help: { en: 'show this help', ja: 'このヘルプを表示します' },
  helpCommand: { en: 'show the help of a command', ja: 'コマンドのヘルプを表示します' },
  version: { en: 'show the version', ja: 'バージョンを表示します' },
  examples: { en: 'Examples:', ja: '使用例:' },
  exitCodes: { en: 'Exit codes (the first that applies):', ja: '終了コード（上にあるものが優先）:' },
} as const satisfies Record<string, Bilingual>;

/** Titles as commander passes them to `styleTitle`. */
const titles: Readonly<Record<string, string>> = {
  'Usage:': '使い方:',
  'Arguments:': '引数:',
  'Options:': 'オプション:',
  'Global Options:': '共通オプション:',
  'Commands:': 'コマンド:',
};

export function localize(help: Help, language: Language): Help {
  help.showGlobalOptions = true;
  help.displayWidth = widthOf;
  help.boxWrap = (text, width) => wrap(text, width).join('\n');
  help.subcommandTerm = (command: Commander) => command.name();
  if (language === 'ja') help.styleTitle = (title) => titles[title] ?? title;
  return help;
}

export function commandHelp(command: Command, language: Language): string {
  if (command.examples.length === 0) return '';
  const examples = command.examples.flatMap(({ line, text }) => [`  ${line}`, `      ${text[language]}`]);
  return `\n${[helpTexts.examples[language], ...examples].join('\n')}`;
}

export function programHelp(language: Language): string {
  const codes = exitCodes.map(({ code, text }) => `  ${String(code).padStart(3)}  ${text[language]}`);
  return `\n${[helpTexts.exitCodes[language], ...codes].join('\n')}`;
}
