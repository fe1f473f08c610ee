/** The options that every command takes. */
import { type Language, languageOfLocale, languages } from '../base/language.ts';
import { choice, flag, type OptionSpec, value } from './options.ts';

export const DEFAULT_POLICY = '/etc/hikae/policy.yaml';

export const globalOptions = {
  policy: value('FILE', {
    en: `the policy file (${DEFAULT_POLICY} when not given)`,
    ja: `ポリシーファイル（省略時は ${DEFAULT_POLICY}）`,
  }),
  json: flag({
    en: 'results as JSON on stdout, events as JSON lines on stderr',
    ja: '結果を JSON で標準出力に、イベントを JSON Lines で標準エラー出力に出します',
  }),
  quiet: flag({
    en: 'tell only what needs attention',
    ja: '対応が必要なことだけを表示します',
  }),
  lang: choice(languages, {
    en: 'language of what is shown (else that of the policy, else of the locale)',
    ja: '表示の言語（省略時はポリシー、次にロケールに従います）',
  }),
} as const satisfies Readonly<Record<string, OptionSpec<unknown>>>;

/** The values of the options above; undefined where one was not given. */
export interface GlobalValues {
  readonly policy: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly lang: Language | undefined;
}

/** What has to be known before the command line can be parsed: how to tell of a mistake in it, and in which language. */
export interface FirstLook {
  readonly language: Language;
  readonly json: boolean;
  readonly version: boolean;
}

/** Only words before `--` are options. */
export function peek(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): FirstLook {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const place = words.findLastIndex((word) => word === '--lang' || word.startsWith('--lang='));
  const said = words[place]?.startsWith('--lang=') ? words[place].slice('--lang='.length) : words[place + 1];
  const asked = place < 0 ? undefined : languages.find((language) => language === said);
  return {
    language: asked ?? languageOfEnvironment(environment),
    json: words.includes('--json'),
    version: words.includes('--version') || words.includes('-V'),
  };
}

/** As setlocale(3) looks for it: the first that is set and not empty. */
function languageOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Language {
  return languageOfLocale(environment.LC_ALL || environment.LC_MESSAGES || environment.LANG);
}
