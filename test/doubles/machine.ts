/** A folder that stands for the root of a machine, with what `policy init` looks at. */
import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type InitHost, initHost } from '../../src/policy/init/host.ts';

export class Machine {
  readonly root = mkdtempSync(join(tmpdir(), 'hikae-machine-'));
  readonly #sockets: { readonly path: string; readonly server: Server }[] = [];

  constructor() {
    this.mounts('22 1 8:1 / / rw - ext4 /dev/sda1 rw');
    this.#listen();
  }

  host({ patience = 10_000 }: { patience?: number } = {}): InitHost {
    return initHost({
      uid: process.getuid?.() ?? -1,
      root: this.root,
      patience,
    });
  }

  folders(...paths: readonly string[]): this {
    for (const path of paths) mkdirSync(join(this.root, path), { recursive: true });
    return this;
  }

  file(path: string, content = '', mode = 0o644): this {
    this.folders(dirname(path));
    writeFileSync(join(this.root, path), content);
    chmodSync(join(this.root, path), mode);
    return this;
  }

  link(path: string, aim: string): this {
    this.folders(dirname(path));
    symlinkSync(aim, join(this.root, path));
    return this;
  }

  /** Gives it to another user; only root can. */
  give(path: string, uid: number): this {
    lchownSync(join(this.root, path), uid, uid);
    return this;
  }

  mounts(...lines: readonly string[]): this {
    return this.file('proc/self/mountinfo', `${lines.join('\n')}\n`);
  }

  /** A server listens on the socket, so that it is one and in the kernel's table. */
  async listens(path: string): Promise<this> {
    this.folders(dirname(path));
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(join(this.root, path), resolve);
    });
    this.#sockets.push({ path, server });
    this.#listen();
    return this;
  }

  /** `docker` that knows these containers and volumes, as `inspect` tells of them. */
  docker(
    containers: readonly { readonly Name: string; readonly [key: string]: unknown }[],
    volumes: readonly { readonly Name: string; readonly [key: string]: unknown }[] = [],
    processes: Readonly<Record<string, string>> = {},
  ): this {
    const say = (name: string, content: string) => this.file(`docker/${name}`, content);
    say('ps', containers.map((_, index) => `id${index}\n`).join(''));
    say('container', JSON.stringify(containers));
    say('volumes', volumes.map(({ Name }) => `${Name}\n`).join(''));
    say('volume', JSON.stringify(volumes));
    for (const [name, command] of Object.entries(processes))
      say(`top-${name}`, `PID COMMAND\n1 ${command}\n`);
    const script = [
      '#!/bin/sh',
      `cd '${join(this.root, 'docker')}' || exit 1`,
      'case "$1 $2" in',
      '"ps --all") cat ps ;;',
      '"container inspect") cat container ;;',
      '"volume ls") cat volumes ;;',
      '"volume inspect") cat volume ;;',
      'top*) cat "top-$2" ;;',
      '*) echo "unknown: $*" >&2; exit 1 ;;',
      'esac',
    ];
    return this.file('usr/bin/docker', `${script.join('\n')}\n`, 0o755);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.#sockets) await new Promise((resolve) => server.close(resolve));
    rmSync(this.root, { recursive: true, force: true });
  }

  #listen(): void {
    const lines = this.#sockets.map(
      ({ path }, index) => `0000: 00000002 00000000 00010000 0001 01 ${index} /${path}`,
    );
    this.file('proc/net/unix', ['Num RefCount Protocol Flags Type St Inode Path', ...lines, ''].join('\n'));
  }
}
