/** Parses a command line and runs the command that it names. */
import type { World } from '../app/world.ts';
import type { Language } from '../base/language.ts';
import { describeFailure, failureResult, toJson } from '../report/report.ts';
import type { KnownCommands } from './command.ts';
import { createContext } from './context.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { FirstLook } from './globals.ts';
import { type CommandLine, parseCommandLine } from './parse.ts';
import { OutputClosed } from './results.ts';

/** Never rejects: what goes wrong is shown and becomes the exit code. */
export async function runCommandLine(
  world: World,
  { language, json }: FirstLook,
  known: KnownCommands,
): Promise<ExitCode> {
  let line: CommandLine;
  try {
    // A terminal that was given no size says 0.
    const columns = world.stdout.columns || 80;
    line = await parseCommandLine(world.argv, known, { language, columns });
  } catch (error) {
    showFailure(error, world, language, json);
    return exitCodeOf({ errors: [error] });
  }
  if (line.kind === 'help') {
    (line.asked ? world.stdout : world.stderr).write(line.text);
    return line.asked ? 0 : 2;
  }
  return await runCommand(world, line, language);
}

async function runCommand(
  world: World,
  line: CommandLine & { readonly kind: 'run' },
  language: Language,
): Promise<ExitCode> {
  const { command, args, options, globals } = line;
  const context = createContext(world, globals, { language, reads: command.reads ?? false, asOf: line.asOf });
  const stopListening = world.onInterrupt(context.interrupt);
  try {
    return exitCodeOf(await command.run(context, args, options));
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    context.close();
    showFailure(error, world, context.language, globals.json);
    return exitCodeOf({ errors: [error] });
  } finally {
    context.close();
    stopListening();
  }
}

/** For people on stderr; for machines as the result that there is instead of the other. */
function showFailure(error: unknown, world: World, language: Language, json: boolean): void {
  if (json) world.stdout.write(`${toJson(failureResult(error, language), 2)}\n`);
  else world.stderr.write(`${describeFailure(error, language).join('\n')}\n`);
}
