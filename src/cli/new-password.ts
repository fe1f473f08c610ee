/** A new password, by reference or asked for: never a word of the command line, which everybody on the machine can read. */
import { resolve } from 'node:path';
import type { Bilingual } from '../base/language.ts';
import type { Secret, SecretReference } from '../base/secret.ts';
import { askSecret, canAsk } from './ask-secret.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import { value } from './options.ts';

const texts = {
  new: { en: 'New password: ', ja: '新しいパスワード: ' },
  again: { en: 'The same again: ', ja: 'もう一度: ' },
} as const satisfies Record<string, Bilingual>;

export const newPasswordOptions = {
  newPasswordFile: value('FILE', {
    en: 'a file with the new password, which only its owner may read (asked for on a terminal when not given)',
    ja: '新しいパスワードのファイル。所有者だけが読めるもの（省略時は端末で入力）',
  }),
  newPasswordEnv: value('NAME', {
    en: 'an environment variable with the new password',
    ja: '新しいパスワードの環境変数の名前',
  }),
  newPasswordCommand: value('COMMAND', {
    en: 'a program that prints the new password, with its arguments, divided by spaces; no shell',
    ja: '新しいパスワードを出力するプログラムと引数（空白区切り。シェルは使いません）',
  }),
};

export interface NewPassword {
  readonly newPasswordFile: string | undefined;
  readonly newPasswordEnv: string | undefined;
  readonly newPasswordCommand: string | undefined;
}

export async function readNewPassword(
  context: CommandContext,
  given: NewPassword,
  command: string,
): Promise<Secret> {
  const references = referencesOf(context, given);
  const [reference] = references;
  const options = ['--new-password-file', '--new-password-env', '--new-password-command'];
  if (references.length > 1) throw cliErrors.CLI_OPTIONS_CONFLICT({ options });
  const { world, signal } = context;
  if (reference !== undefined) {
    const { secretOf } = await import('../app/secrets.ts');
    return secretOf(reference, world, signal);
  }
  if (!canAsk(world)) throw cliErrors.CLI_OPTION_REQUIRED({ options, command });
  return askTwice(context);
}

function referencesOf({ world }: CommandContext, given: NewPassword): readonly SecretReference[] {
  const { newPasswordFile: file, newPasswordEnv: env, newPasswordCommand: command } = given;
  return [
    ...(file === undefined ? [] : [{ file: resolve(world.folder, file) }]),
    ...(env === undefined ? [] : [{ env }]),
    ...(command === undefined ? [] : [{ command: command.trim().split(/\s+/) }]),
  ];
}

async function askTwice({ world, signal, language }: CommandContext): Promise<Secret> {
  const first = await askSecret(world, texts.new[language], signal);
  const second = await askSecret(world, texts.again[language], signal);
  if (first.reveal() === '' || first.reveal() !== second.reveal()) throw cliErrors.CLI_PASSWORDS_DIFFER({});
  return first;
}
