/**
 * The pattern of a command. One file per command exports one `defineCommand({...})` and is named in commands.ts:
 *
 *     export const ls = defineCommand({
 *       name: 'ls',
 *       summary: { en: 'list what is in a snapshot', ja: 'スナップショットの中身を一覧します' },
 *       reads: true,
 *       arguments: { snapshot: one('SNAP', { en: …, ja: … }), path: optional('PATH', { … }) },
 *       options: { long: flag({ … }), vault: value('NAME', { … }) },
 *       examples: [{ line: 'hikae ls latest', text: { … } }],
 *       async run(context, { snapshot, path }, { long, vault }) {
 *         const { openVault } = await import('../app/….ts');
 *         …
 *         await context.results.show(nodes, (language) => nodesTable(nodes, language));
 *         return {};
 *       },
 *     });
 *
 * Keys in camelCase become options (`dryRun`: `--dry-run`); the types of what `run` gets follow from their kinds in options.ts.
 * What is heavy (app, policy) is imported inside `run`: help and `--version` load none of it. What `run`
 * throws is shown and ends the command with its exit code; what it returns decides the code when nothing was thrown.
 */
import type { Bilingual } from '../base/language.ts';
import type { CommandContext } from './context.ts';
import type { Ending } from './exit-codes.ts';
import type { ArgumentSpec, OptionSpec } from './options.ts';

export interface Example {
  readonly line: string;
  readonly text: Bilingual;
}

type ArgumentSpecs = Readonly<Record<string, ArgumentSpec<unknown>>>;
type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
type ValuesOf<Specs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends ArgumentSpec<infer Value>
    ? Value
    : Specs[Name] extends OptionSpec<infer Value>
      ? Value
      : never;
};

export interface CommandSpec<Arguments, Options> {
  /** as it is typed after `hikae`: `backup`, `policy check` */
  readonly name: string;
  readonly summary: Bilingual;
  /** more to know than fits in one line; only in the command's own help */
  readonly description?: Bilingual;
  /** It changes nothing: it takes --as-of, and ends quietly when nobody reads its results any more. */
  readonly reads?: boolean;
  /** It takes --as-of as well: what it changes is not what it looks at. */
  readonly asOf?: boolean;
  readonly arguments: Arguments;
  readonly options: Options;
  readonly examples: readonly Example[];
}

/** A command as the frame handles it, whatever its arguments and options are. */
export interface Command extends CommandSpec<ArgumentSpecs, OptionSpecs> {
  readonly run: (
    context: CommandContext,
    args: Readonly<Record<string, unknown>>,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<Ending>;
}

/** All commands by name, each loaded when it is asked for, and what the first words of those of two words stand for. */
export interface KnownCommands {
  readonly commands: Readonly<Record<string, () => Promise<Command>>>;
  readonly groups: Readonly<Record<string, Bilingual>>;
}

export function defineCommand<const Arguments extends ArgumentSpecs, const Options extends OptionSpecs>(
  command: CommandSpec<Arguments, Options> & {
    readonly run: (
      context: CommandContext,
      args: ValuesOf<Arguments>,
      options: ValuesOf<Options>,
    ) => Promise<Ending>;
  },
): Command {
  // The frame gives `run` exactly what the two tables describe.
  return command as unknown as Command;
}
