/**
 * A real S3 server that belongs to one test file: the gateway of a Ceph cluster of one monitor and one disk, on loopback,
 * with data of its own. Its programs are unpacked once, into `.cache` of the checkout.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

export interface S3User {
  readonly id: string;
  readonly secret: string;
}

export interface CephOptions {
  /** one user more, who has no rights either */
  readonly reader?: boolean;
  /** lines for the configuration of the gateway */
  readonly settings?: readonly string[];
}

export interface Ceph {
  readonly endpoint: string;
  readonly port: number;
  /** the first user, who may make roles, and another who has no rights to what the first makes */
  readonly user: S3User;
  readonly stranger: S3User;
  readonly reader: S3User | undefined;
  /** of its daemons */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

const program = (name: string) => fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
const unpacked = fileURLToPath(new URL('../../.cache/ceph', import.meta.url));
/** Milliseconds for the gateway to answer. */
const PATIENCE = 120_000;

export async function startCeph({ reader: third = false, settings = [] }: CephOptions = {}): Promise<Ceph> {
  mkdirSync(join(unpacked, '..'), { recursive: true });
  execFileSync(program('unpack-ceph'), [unpacked], { stdio: ['ignore', 'ignore', 'inherit'] });
  const data = mkdtempSync(join(tmpdir(), 'hikae-ceph-'));
  for (const folder of ['log', 'run', 'mon', 'osd', 'rgw']) mkdirSync(join(data, folder));
  const [port, monitor] = [await freePort(), await freePort()];
  const cluster = randomUUID();
  writeFileSync(join(data, 'ceph.conf'), configuration({ cluster, monitor, port, settings }));

  const daemons: ChildProcess[] = [];
  const run = (command: string, ...args: string[]) =>
    execFileSync(program('in-ceph'), [unpacked, data, command, ...args], { stdio: 'pipe', encoding: 'utf8' });
  const start = (command: string, ...args: string[]) => {
    const argv = [unpacked, data, command, '-c', '/data/ceph.conf', '-f', ...args];
    daemons.push(spawn(program('in-ceph'), argv, { stdio: 'ignore' }));
  };
  const stop = async () => {
    // What they would write down is thrown away anyway.
    for (const daemon of daemons.reverse()) {
      daemon.kill('SIGKILL');
      if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
    }
    rmSync(data, { recursive: true });
  };

  try {
    makeKeyring(run);
    run(
      'monmaptool',
      '--create',
      '--fsid',
      cluster,
      '--addv',
      'a',
      `[v2:127.0.0.1:${monitor}]`,
      '/data/monmap',
    );
    const config = ['-c', '/data/ceph.conf'];
    run('ceph-mon', ...config, '-i', 'a', '--mkfs', '--monmap', '/data/monmap', '--keyring', '/data/keyring');
    start('ceph-mon', '-i', 'a');
    const disk = randomUUID();
    run('ceph', ...config, '--connect-timeout', '30', 'osd', 'new', disk);
    run('ceph-osd', ...config, '-i', '0', '--mkfs', '--osd-uuid', disk);
    start('ceph-osd', '-i', '0');
    const user = addUser(run, 'first', '--caps', 'roles=*');
    const stranger = addUser(run, 'stranger');
    const reader = third ? addUser(run, 'reader') : undefined;
    start('radosgw', '-n', 'client.rgw');
    const endpoint = `http://127.0.0.1:${port}`;
    await untilServing(endpoint, () => readFileSync(join(data, 'log/client.rgw.log'), 'utf8').slice(-4_000));
    const pids = daemons.flatMap(({ pid }) => pid ?? []);
    return { endpoint, port, user, stranger, reader, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Run = (command: string, ...args: string[]) => string;

/** Who may do what in the cluster. */
function makeKeyring(run: Run): void {
  const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *'];
  run(
    'ceph-authtool',
    '/data/keyring',
    '--create-keyring',
    '--gen-key',
    '-n',
    'mon.',
    '--cap',
    'mon',
    'allow *',
  );
  run('ceph-authtool', '/data/keyring', '--gen-key', '-n', 'client.admin', ...all);
  const disk = ['--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *'];
  run('ceph-authtool', '/data/keyring', '--gen-key', '-n', 'osd.0', ...disk);
  run('ceph-authtool', '/data/keyring', '--gen-key', '-n', 'client.rgw', ...all);
}

function addUser(run: Run, name: string, ...more: readonly string[]): S3User {
  const [id, secret] = [randomBytes(10).toString('hex').toUpperCase(), randomBytes(20).toString('hex')];
  const login = ['--access-key', id, '--secret-key', secret];
  const admin = ['-c', '/data/ceph.conf', '-n', 'client.admin'];
  run('radosgw-admin', ...admin, 'user', 'create', '--uid', name, '--display-name', name, ...login, ...more);
  return { id, secret };
}

async function untilServing(endpoint: string, log: () => string): Promise<void> {
  for (const began = performance.now(); performance.now() - began < PATIENCE; await delay(50)) {
    try {
      await (await fetch(endpoint)).text();
      return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  throw new Error(`the gateway of Ceph does not answer: ${log()}`);
}

/** The least that one of each needs; a pool of one copy is all that one disk can have. */
function configuration({
  cluster,
  monitor,
  port,
  settings,
}: {
  cluster: string;
  monitor: number;
  port: number;
  settings: readonly string[];
}): string {
  return `[global]
fsid = ${cluster}
mon_host = [v2:127.0.0.1:${monitor}/0]
keyring = /data/keyring
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
run_dir = /data/run
admin_socket =
log_file = /data/log/$name.log
mon_cluster_log_file = /data/log/cluster.log
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_warn = 2
mon_data_avail_crit = 1
paxos_propose_interval = 0.05
paxos_min_wait = 0.02

[mon.a]
mon_data = /data/mon

[osd.0]
osd_data = /data/osd
osd_objectstore = bluestore
bluestore_block_create = true
bluestore_block_size = 8589934592
bluestore_fsck_on_mkfs = false

[client.rgw]
rgw_data = /data/rgw
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_rados_pool_pg_num_min = 1
${settings.join('\n')}
`;
}
