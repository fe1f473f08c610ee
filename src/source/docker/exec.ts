/** Running a program inside a container, by docker's command line: its standard streams are those of the program. */
import { engineSocket } from './address.ts';

export interface ContainerCall {
  /** id or name */
  readonly container: string;
  /** program and arguments, as they are in the container */
  readonly argv: readonly string[];
  /** what the program is to find in its environment, secrets among it: only the names are among the arguments */
  readonly variables?: Readonly<Record<string, string>>;
  /** who it runs as there: a name, or numbers */
  readonly user?: string;
}

export interface HostCommand {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `environment` is our own: of it, only the search path and the engine's address go on. */
export function commandInContainer(
  { container, argv, variables = {}, user }: ContainerCall,
  environment: Readonly<Record<string, string | undefined>>,
): HostCommand {
  // Never with a terminal (-t), which would put carriage returns into what a program prints.
  const names = Object.keys(variables).flatMap((name) => ['-e', name]);
  const identity = user === undefined ? [] : ['-u', user];
  return {
    argv: ['docker', 'exec', '-i', ...names, ...identity, '--', container, ...argv],
    // HOME would bring the user's own settings, another engine among them.
    environment: { ...variables, PATH: environment.PATH, DOCKER_HOST: `unix://${engineSocket(environment)}` },
  };
}
