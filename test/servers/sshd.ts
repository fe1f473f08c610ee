/** A real sshd of our own: on loopback, with its own keys and settings, in a temporary folder, until it is stopped. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface SshdOptions {
  /** further lines of sshd_config */
  readonly settings?: readonly string[];
  /** how the server's program for SFTP is called */
  readonly sftp?: string;
}

export interface Sshd {
  readonly port: number;
  /** a folder on the server's side, and one that only the server sees, on a disk of 4 MB */
  readonly folder: string;
  readonly smallDisk: string;
  /** a known_hosts file that has the server's key */
  readonly knownHosts: string;
  /** the server's public host key, as in the file of it */
  readonly hostKey: string;
  /** a private key that lets us in, without a passphrase */
  readonly key: string;
  /** the user who is let in: the one who runs the tests */
  readonly user: string;
  /** what root's password is there, and there alone */
  readonly password: string;
  stop(): Promise<void>;
}

const PASSWORD = 'correct horse';
/** The same, as crypt(3) has it. */
const PASSWORD_HASH =
  '$6$hikae$vgaER66neDoQE8wTq5Bxzz9OP9EqiuyadxTUo4AIqZt3D51TaZKALndtqPQZ5XsxmsulM77B0EMGcEAasc2hv.';

export async function startSshd({ settings = [], sftp }: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-sshd-'));
  const at = (name: string) => join(folder, name);
  const port = await freePort();
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  for (const name of ['host', 'client'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', at(name)]);
  const hostKey = readFileSync(at('host.pub'), 'utf8').trim();
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  writeFileSync(at('authorized_keys'), readFileSync(at('client.pub')));
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin yes',
      `Subsystem sftp ${sftp ?? '/usr/lib/openssh/sftp-server'}`,
      ...settings,
      '',
    ].join('\n'),
  );
  mkdirSync(at('data'));
  mkdirSync(at('small'));
  // In a mount namespace, so that a password can be known to this server alone, and a full disk is its own.
  writeFileSync(at('shadow'), `${user}:${PASSWORD_HASH}:19000:0:99999:7:::\n`, { mode: 0o600 });
  const script = `
    [ -d /run/sshd ] || mkdir -m 755 /run/sshd
    mount --bind "$1/shadow" /etc/shadow
    mount -t tmpfs -o size=4m,mode=0700 none "$1/small"
    exec setpriv --pdeathsig TERM /usr/sbin/sshd -D -e -f "$1/sshd_config"`;
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sshd', folder],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await untilListening(port, () => {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}: ${said}`);
  });
  return {
    port,
    folder: at('data'),
    smallDisk: at('small'),
    knownHosts: at('known_hosts'),
    hostKey,
    key: readFileSync(at('client'), 'utf8'),
    user,
    password: PASSWORD,
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilListening(port: number, check: () => void): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    check();
    const socket = connect(port, '127.0.0.1');
    const answered = await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await delay(50);
  }
  throw new Error(`nobody listens on port ${port}`);
}
