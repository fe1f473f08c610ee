/**
 * The face of the room: the whole command, from the words of a command line to an exit code.
 *
 * What is imported here is loaded by `hikae --version` too, so it is next to nothing.
 */
import type { World } from '../app/world.ts';
import type { KnownCommands } from './command.ts';
import type { ExitCode } from './exit-codes.ts';
import { peek } from './globals.ts';

/** Never rejects: what goes wrong is shown and becomes the exit code. */
export async function runCli(
  world: World,
  loadCommands: () => Promise<KnownCommands> = () => import('./commands.ts'),
): Promise<ExitCode> {
  // Without a listener a reader that has gone would end the process. What can't be told to anybody is dropped, and the
  // work goes on; results see for themselves whether they arrive.
  for (const stream of [world.stdout, world.stderr]) stream.on('error', () => {});
  const first = peek(world.argv, world.environment);
  if (first.version) {
    const { hikaeVersion } = await import('../app/version.ts');
    world.stdout.write(`hikae ${hikaeVersion()}\n`);
    return 0;
  }
  const { runCommandLine } = await import('./run-command-line.ts');
  return await runCommandLine(world, first, await loadCommands());
}
