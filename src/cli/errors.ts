/** What can be wrong with a command line. */
import { defineErrors } from '../base/errors.ts';

const seeHelp = {
  en: 'See `{command} --help` for all of them.',
  ja: '一覧は `{command} --help` で確認できます。',
} as const;

const seeUsage = {
  en: 'See `{command} --help` for how it is written.',
  ja: '書き方は `{command} --help` で確認できます。',
} as const;

const didYouMean = {
  en: 'Did you mean {nearest}? See `{command} --help` for all of them.',
  ja: '{nearest} のことでしょうか。一覧は `{command} --help` で確認できます。',
} as const;

export const cliErrors = defineErrors({
  CLI_OPTION_UNKNOWN: {
    exit: 2,
    message: { en: 'there is no option {option}', ja: '{option} というオプションはありません' },
    hint: seeHelp,
  },
  CLI_OPTION_MISTYPED: {
    exit: 2,
    message: { en: 'there is no option {option}', ja: '{option} というオプションはありません' },
    hint: didYouMean,
  },
  CLI_COMMAND_UNKNOWN: {
    exit: 2,
    message: { en: 'there is no command {name}', ja: '{name} というコマンドはありません' },
    hint: seeHelp,
  },
  CLI_COMMAND_MISTYPED: {
    exit: 2,
    message: { en: 'there is no command {name}', ja: '{name} というコマンドはありません' },
    hint: didYouMean,
  },
  CLI_ARGUMENT_MISSING: {
    exit: 2,
    message: { en: 'the argument {argument} is missing', ja: '引数 {argument} がありません' },
    hint: seeUsage,
  },
  CLI_ARGUMENTS_TOO_MANY: {
    exit: 2,
    message: { en: 'there are too many arguments: {arguments}', ja: '引数が多すぎます: {arguments}' },
    hint: seeUsage,
  },
  CLI_VALUE_MISSING: {
    exit: 2,
    message: { en: 'the option {option} needs a value', ja: 'オプション {option} には値が必要です' },
    hint: seeUsage,
  },
  CLI_VALUE_INVALID: {
    exit: 2,
    message: {
      en: '{value} is no value for the option {option}',
      ja: '{value} はオプション {option} の値として使えません',
    },
    hint: { en: 'It takes {expected}.', ja: '使える値は {expected} です。' },
  },
  CLI_OPTIONS_CONFLICT: {
    exit: 2,
    message: {
      en: 'the options {options} exclude each other',
      ja: 'オプション {options} は同時に指定できません',
    },
    hint: { en: 'Give one of them.', ja: 'どれか 1 つだけを指定してください。' },
  },
  CLI_OPTION_ALONE: {
    exit: 2,
    message: {
      en: 'the option {option} is of no use without {other}',
      ja: 'オプション {option} は {other} と一緒に指定する必要があります',
    },
    hint: { en: 'Give {other} as well.', ja: '{other} も指定してください。' },
  },
  CLI_OPTION_MISSING: {
    exit: 2,
    message: { en: 'the option {option} is needed', ja: 'オプション {option} が必要です' },
    hint: seeUsage,
  },
  CLI_OPTION_REQUIRED: {
    exit: 2,
    message: {
      en: 'one of the options {options} is needed',
      ja: 'オプション {options} のどれかが必要です',
    },
    hint: seeUsage,
  },
  CLI_KIT_NOWHERE: {
    exit: 2,
    message: {
      en: 'a recovery password is shown on a terminal only, or written to a file of its own',
      ja: '復旧用のパスワードは、端末に表示するか専用のファイルに書き込む場合だけ作成できます',
    },
    hint: {
      en: 'Nothing was changed. Run the command on a terminal and without --json, or name a new file with --kit-file.',
      ja: '何も変更していません。端末で --json を付けずに実行するか、--kit-file で新しいファイルを指定してください。',
    },
  },
  CLI_PASSWORDS_DIFFER: {
    exit: 2,
    message: {
      en: 'the two passwords are not the same, or are empty',
      ja: '入力した 2 つのパスワードが異なるか、空です',
    },
    hint: {
      en: 'Nothing was changed. Run the command again.',
      ja: '何も変更していません。もう一度実行してください。',
    },
  },
  CLI_FILE_EXISTS: {
    exit: 2,
    message: { en: '{file} exists already', ja: '{file} はすでに存在します' },
    hint: {
      en: 'It is never overwritten. Name another file, or move this one away first.',
      ja: '上書きはしません。別のファイル名を指定するか、先にこのファイルを移動してください。',
    },
  },
  CLI_FILE_NOT_WRITTEN: {
    message: { en: '{file} could not be written: {reason}', ja: '{file} を書き込めませんでした: {reason}' },
    hint: {
      en: 'Check the path and its permissions, and that the disk is not full.',
      ja: 'パスと権限、ディスクの空き容量を確かめてください。',
    },
  },
  CLI_OUTPUT_FAILED: {
    message: {
      en: 'the result could not be written: {reason}',
      ja: '結果を書き出せませんでした: {reason}',
    },
    hint: {
      en: 'Check where the standard output goes: is that disk full?',
      ja: '標準出力の出力先を確かめてください（ディスクの空き容量など）。',
    },
  },
});
