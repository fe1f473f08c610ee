/** A real Dovecot that answers IMAP on loopback, for the mail below a folder; its users stand in a file, as `doveadm pw` writes them. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.ts';

export interface DovecotServer {
  readonly port: number;
  /** Logs in and reads a whole message of the inbox; rejects when the server refuses. */
  readMessage(user: string, password: string, number: number): Promise<string>;
  stop(): Promise<void>;
}

const PATIENCE = 20_000;
/** Who the mail belongs to. */
export const VMAIL = 65_534;

/** A line for the file of users. */
export function dovecotUser(user: string, password: string, home: string): string {
  const hash = execFileSync(
    'doveadm',
    ['-c', '/dev/null', '-o', 'ssl=no', 'pw', '-s', 'SHA512-CRYPT', '-p', password],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  ).trim();
  return `${user}:${hash}:${VMAIL}:${VMAIL}::${home}::\n`;
}

export async function startDovecot(users: string): Promise<DovecotServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-dovecot-'));
  const port = await freePort();
  const file = join(folder, 'dovecot.conf');
  writeFileSync(
    file,
    `protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%h/Maildir
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = ${users}
}
userdb {
  driver = passwd-file
  args = ${users}
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`,
  );
  // It ends when we do, however that happens, and its children with it.
  const server = spawn('setpriv', ['--pdeathsig', 'TERM', 'dovecot', '-F', '-c', file], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: 'ignore',
    detached: true,
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const began = performance.now(); !(await listens(port)); ) {
    if (performance.now() - began > PATIENCE || server.exitCode !== null) {
      const log = readFileSync(join(folder, 'log'), 'utf8');
      await stop();
      throw new Error(`dovecot doesn't answer: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, readMessage: (...login) => readMessage(port, ...login), stop };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function readMessage(port: number, user: string, password: string, number: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const ask = async (tag: string, command: string) => {
    socket.write(`${tag} ${command}\r\n`);
    const said: string[] = [];
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      if (line.value.startsWith(`${tag} OK`)) return said;
      if (line.value.startsWith(`${tag} `)) break;
      said.push(line.value);
    }
    throw new Error(`IMAP: ${command.split(' ')[0]} was refused: ${said.join('\n')}`);
  };
  try {
    await lines.next();
    await ask('a', `LOGIN "${user}" "${password}"`);
    await ask('b', 'EXAMINE INBOX');
    const said = await ask('c', `FETCH ${number} BODY[]`);
    return said.slice(1, -1).join('\n');
  } finally {
    socket.destroy();
  }
}
