/** From the words of a command line to a command with its values, by way of commander. */
import { Command as Commander, CommanderError, type ErrorOptions, Help, Option } from 'commander';
import type { HikaeError } from '../base/errors.ts';
import type { Language } from '../base/language.ts';
import { type AsOf, asOfOption } from './as-of.ts';
import type { Command, KnownCommands } from './command.ts';
import { cliErrors } from './errors.ts';
import { type GlobalValues, globalOptions } from './globals.ts';
import { commandHelp, helpTexts, localize, programHelp } from './help.ts';
import type { ArgumentSpec, OptionSpec } from './options.ts';

export type CommandLine =
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly args: Readonly<Record<string, unknown>>;
      readonly options: Readonly<Record<string, unknown>>;
      readonly globals: GlobalValues;
      readonly asOf: AsOf | undefined;
    }
  /** `asked`: help was wanted; else it is shown because no command was given */
  | { readonly kind: 'help'; readonly text: string; readonly asked: boolean };

/** Throws one of cliErrors when the words don't make sense. `columns` is the width that help may take. */
export async function parseCommandLine(
  argv: readonly string[],
  known: KnownCommands,
  { language, columns }: { readonly language: Language; readonly columns: number },
): Promise<CommandLine> {
  let help = '';
  let parsed: CommandLine | undefined;
  const program = new Program('hikae', language);
  program.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: (text) => {
      help += text;
    },
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  describeProgram(program, language);
  const names = await namesToLoad(argv, known, language);
  for (const [name, load] of Object.entries(known.commands)) {
    if (names !== undefined && !names.includes(name)) continue;
    const command = await load();
    const commander = place(program, name, known, language);
    describeCommand(commander, command, language);
    commander.action(() => {
      parsed = readValues(command, commander);
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { kind: 'help', text: help, asked: error.exitCode === 0 };
    throw error;
  }
  return parsed ?? { kind: 'help', text: help, asked: false };
}

/** The one command that the words name, so that only its file is loaded; undefined means all. */
async function namesToLoad(
  argv: readonly string[],
  known: KnownCommands,
  language: Language,
): Promise<readonly string[] | undefined> {
  const scout = new Program('hikae', language);
  addOptions(scout, globalOptions, language);
  const [first = '', second = ''] = scout.parseOptions([...argv]).operands;
  for (const name of [first, `${first} ${second}`]) if (Object.hasOwn(known.commands, name)) return [name];
  return undefined;
}

/** commander with help in the language of the user, and with errors of our own. */
class Program extends Commander {
  readonly #language: Language;

  constructor(name: string, language: Language) {
    super(name);
    this.#language = language;
    this.exitOverride();
    this.helpOption('-h, --help', helpTexts.help[language]);
  }

  override createCommand(name: string): Commander {
    return new Program(name, this.#language);
  }

  override createHelp(): Help {
    return localize(new Help(), this.#language);
  }

  override error(message: string, options?: ErrorOptions): never {
    throw usageError(this, message, options?.code ?? '');
  }
}

/** commander tells its errors as text; the values in it stand between quotes. */
function usageError(program: Commander, message: string, code: string): HikaeError {
  const word = /'(.*)'/.exec(message.split('\n')[0] ?? '')?.[1] ?? '';
  const nearest = /\(Did you mean (?:one of )?(.*)\?\)$/.exec(message)?.[1];
  const command = pathOf(program);
  switch (code) {
    case 'commander.unknownOption':
      return nearest === undefined
        ? cliErrors.CLI_OPTION_UNKNOWN({ option: word, command })
        : cliErrors.CLI_OPTION_MISTYPED({ option: word, nearest, command });
    case 'commander.unknownCommand':
      return nearest === undefined
        ? cliErrors.CLI_COMMAND_UNKNOWN({ name: word, command })
        : cliErrors.CLI_COMMAND_MISTYPED({ name: word, nearest, command });
    case 'commander.missingArgument':
      return cliErrors.CLI_ARGUMENT_MISSING({ argument: word, command });
    case 'commander.optionMissingArgument':
      return cliErrors.CLI_VALUE_MISSING({ option: word, command });
    case 'commander.excessArguments':
      return cliErrors.CLI_ARGUMENTS_TOO_MANY({ arguments: program.args.join(' '), command });
    default:
      throw new Error(`commander said something unexpected: ${code} ${message}`);
  }
}

function pathOf(program: Commander): string {
  return program.parent === null ? program.name() : `${pathOf(program.parent)} ${program.name()}`;
}

function describeProgram(program: Commander, language: Language): void {
  addOptions(program, globalOptions, language);
  // Answered before anything is parsed; it is here for the help.
  program.addOption(new Option('-V, --version', helpTexts.version[language]));
  program.description(helpTexts.program[language]);
  program.helpCommand('help [COMMAND]', helpTexts.helpCommand[language]);
  program.addHelpText('after', programHelp(language));
}

/** Where a command hangs: below the program, or below the group that its first word names. */
function place(program: Commander, name: string, known: KnownCommands, language: Language): Commander {
  const [first = '', second] = name.split(' ');
  if (second === undefined) return program.command(first);
  const group = program.commands.find((command) => command.name() === first) ?? program.command(first);
  group.description(known.groups[first]?.[language] ?? '');
  group.helpCommand(false);
  return group.command(second);
}

function describeCommand(commander: Commander, command: Command, language: Language): void {
  commander.summary(command.summary[language]);
  commander.description((command.description ?? command.summary)[language]);
  for (const spec of Object.values(command.arguments)) {
    commander.argument(syntaxOf(spec), spec.text[language]);
  }
  addOptions(commander, command.options, language);
  if (command.reads === true || command.asOf === true) addOptions(commander, { asOf: asOfOption }, language);
  commander.addHelpText('after', () => commandHelp(command, language));
}

function syntaxOf({ count, placeholder }: ArgumentSpec<unknown>): string {
  return { one: `<${placeholder}>`, optional: `[${placeholder}]`, many: `[${placeholder}...]` }[count];
}

function addOptions(
  commander: Commander,
  specs: Readonly<Record<string, OptionSpec<unknown>>>,
  language: Language,
): void {
  for (const [key, spec] of Object.entries(specs)) {
    const name = `--${key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
    const option = new Option(
      spec.kind === 'flag' ? name : `${name} <${spec.placeholder}>`,
      spec.text[language],
    );
    // commander takes `--no-safety` for the denial of a `--safety`; here it is a flag like any other.
    option.negate = false;
    if (spec.kind !== 'flag') option.argParser((given, before) => read(name, spec, given, before));
    commander.addOption(option);
  }
}

function read(option: string, spec: OptionSpec<unknown>, given: string, before: unknown): unknown {
  const parsed = spec.parse(given);
  if (parsed === undefined)
    throw cliErrors.CLI_VALUE_INVALID({ option, value: given, expected: spec.expected });
  return spec.kind === 'list' ? [...((before as unknown[] | undefined) ?? []), parsed] : parsed;
}

function readValues(command: Command, commander: Commander): CommandLine {
  const values: Readonly<Record<string, unknown>> = commander.optsWithGlobals();
  const args: Record<string, unknown> = {};
  for (const [index, name] of Object.keys(command.arguments).entries()) {
    args[name] = commander.processedArgs[index];
  }
  return {
    kind: 'run',
    command,
    args,
    options: valuesOf(command.options, values),
    globals: valuesOf(globalOptions, values) as unknown as GlobalValues,
    asOf: values.asOf as AsOf | undefined,
  };
}

/** What was not given is false, none, or undefined. */
function valuesOf(
  specs: Readonly<Record<string, OptionSpec<unknown>>>,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const absent = { flag: false, list: [], value: undefined };
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, values[name] ?? absent[spec.kind]]),
  );
}
