/**
 * A real Docker engine that belongs to one test file: Debian's dockerd, with everything that it has in one folder, apart
 * from any engine of the machine. Its containers see no network, or the host's.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DockerEngine {
  readonly folder: string;
  /** what `docker` and hikae find it by */
  readonly environment: { readonly DOCKER_HOST: string };
  /** Runs the command line of the engine; what it prints, without the last line feed. */
  docker(argv: readonly string[], options?: DockerOptions): string;
  /** Makes an image of a folder, which becomes its root. */
  importFolder(folder: string, image: string): void;
  /** Starts a container in the background; its id. */
  run(container: ContainerSettings): string;
  /** what a container has written on stdout and stderr */
  logs(container: string): string;
  /** Ends every container and the engine; nothing of it is left. The end of the test's process does the same. */
  stop(): Promise<void>;
}

export interface DockerOptions {
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ContainerSettings {
  readonly image: string;
  readonly name: string;
  readonly command: readonly string[];
  readonly user?: string;
  readonly network?: 'none' | 'host';
  /** as `docker run --volume` wants them: `name:/path` */
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** more of `docker run`: `--restart=always`, `--label=…` */
  readonly options?: readonly string[];
}

const engineProgram = fileURLToPath(new URL('./programs/docker-engine', import.meta.url));
/** How long the engine may take to answer, in milliseconds. */
const PATIENCE = 60_000;

export async function startDocker(): Promise<DockerEngine> {
  // A socket's path has room for 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'hikae-docker-'));
  mkdirSync(join(folder, 'config'));
  writeFileSync(join(folder, 'daemon.json'), '{}');
  // Not in our group: Ctrl-C must leave it alive to tidy up.
  const engine = spawn(engineProgram, [folder], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => engine.once('close', () => resolve()));
  const stop = async () => {
    engine.stdin.end();
    await ended;
  };
  const socket = join(folder, 'socket');
  for (const began = performance.now(); !(await answers(socket)); ) {
    if (performance.now() - began > PATIENCE) {
      const said = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '';
      await stop();
      throw new Error(`dockerd doesn't answer: ${said.slice(-4_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const environment = { DOCKER_HOST: `unix://${socket}` };
  const variables = { PATH: process.env.PATH, DOCKER_CONFIG: join(folder, 'config'), ...environment };
  const docker: DockerEngine['docker'] = (argv, options = {}) =>
    execFileSync('docker', argv, {
      encoding: 'utf8',
      input: options.input,
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
      env: {
        PATH: process.env.PATH,
        DOCKER_CONFIG: join(folder, 'config'),
        ...environment,
        ...options.environment,
      },
    }).replace(/\n$/, '');
  return {
    folder,
    environment,
    docker,
    importFolder(from, image) {
      const archive = join(folder, 'image.tar');
      execFileSync('tar', ['--create', '--file', archive, '--directory', from, '.']);
      docker(['import', archive, image]);
      execFileSync('rm', [archive]);
    },
    run({
      image,
      name,
      command,
      user,
      network = 'none',
      volumes = [],
      environment: told = {},
      options = [],
    }) {
      return docker([
        'run',
        '--detach',
        `--name=${name}`,
        `--network=${network}`,
        ...(user === undefined ? [] : [`--user=${user}`]),
        ...volumes.map((volume) => `--volume=${volume}`),
        ...Object.entries(told).map(([key, value]) => `--env=${key}=${value}`),
        ...options,
        image,
        ...command,
      ]);
    },
    logs: (container) =>
      execFileSync('sh', ['-c', 'docker logs "$1" 2>&1', 'sh', container], {
        encoding: 'utf8',
        env: variables,
      }),
    stop,
  };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });
}
