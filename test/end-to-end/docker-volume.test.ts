/** Docker volumes, by the command itself and with a real engine: what is captured, what stands still, and what comes back. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type ContainerDetails, type Engine, openEngine } from '../../src/source/docker/engine.ts';
import { replaceContent } from '../../src/source/docker-volume/replacing.ts';
import { type DockerEngine, startDocker } from '../servers/docker.ts';
import { buildTiny } from '../servers/docker-images.ts';
import {
  eventsOf,
  NOBODY,
  Running,
  type RunOptions,
  run,
  runPlain,
  Scratch,
  type Told,
  type ToldBackup,
  type ToldPlan,
  type ToldRestore,
  told,
  withPolicy,
} from './command.ts';

const signal = new AbortController().signal;
let docker: DockerEngine;
let engine: Engine;
let image: string;
/** each test has a volume and containers of its own … */
let turn = 0;
let name = '';
/** … but for those that need one which takes a while to read: they share it, one after the other */
const MANY = 'many';

before(async () => {
  docker = await startDocker();
  engine = openEngine(join(docker.folder, 'socket'));
  image = buildTiny(docker);
  docker.docker(['volume', 'create', MANY]);
  fill(MANY, 6_000);
});
after(() => docker.stop());
beforeEach(() => {
  turn += 1;
  name = `data${turn}`;
});
afterEach(() => {
  const left = docker
    .docker(['ps', '--all', '--quiet'])
    .split('\n')
    .filter((id) => id !== '');
  if (left.length > 0) docker.docker(['rm', '--force', ...left]);
});

/** Writes the same number to two files, one after the other, without end; neither is ever half written. */
const writer =
  'trap "exit 0" TERM; i=0; while :; do i=$((i+1)); for f in one two; do echo $i >/data/new; mv /data/new /data/$f; done; sleep 0.01; done';
const quiet = 'trap "exit 0" TERM; while :; do sleep 0.05; done';

function start(container: string, script: string, more: { mode?: string; options?: string[] } = {}): string {
  const { mode = 'rw', options = [] } = more;
  const command = ['sh', '-c', script];
  return docker.run({ image, name: container, command, volumes: [`${name}:/data:${mode}`], options });
}

function folder(volume = name): string {
  return docker.docker(['volume', 'inspect', '--format={{.Mountpoint}}', volume]);
}

/** So many that reading or writing them takes a while. */
function fill(volume: string, files: number): void {
  const place = folder(volume);
  for (let part = 0; part < files / 500; part++) {
    mkdirSync(join(place, `part${part}`));
    for (let file = 0; file < 500; file++)
      writeFileSync(join(place, `part${part}`, `${file}`), `${part} ${file}`);
  }
}

async function look(container: string): Promise<ContainerDetails> {
  const found = await engine.container(container, { signal });
  assert.ok(found, `${container} is there`);
  return found;
}

/** Milliseconds until it is so. */
async function until(what: string, test: () => Promise<boolean>, patience = 20_000): Promise<number> {
  const began = performance.now();
  while (!(await test())) {
    assert.ok(performance.now() - began < patience, `${what}, within ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - began;
}

function policyOf(scratch: Scratch, volume: object = {}, more: object = {}): string {
  scratch.write('site/page', 'text');
  return scratch.policy({
    targets: {
      app: {
        components: {
          data: { 'docker-volume': { volume: name, ...volume } },
          site: { files: scratch.at('site') },
        },
        retry: { times: 0 },
      },
    },
    vaults: { disk: { plain: scratch.at('vault') } },
    schedules: { daily: { at: '02:00', to: 'disk' } },
    ...more,
  });
}

function hikae<Result = ToldBackup>(
  policy: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Told<Result>> {
  return run<Result>(policy, args, { environment: docker.environment, ...options });
}

function kept(scratch: Scratch, ...path: string[]): string {
  return readFileSync(scratch.at('vault/daily/app/latest/data', ...path), 'utf8');
}

function failureOf({ result }: Told<ToldBackup>): string | undefined {
  return result.targets[0]?.components.find((one) => one.name === 'data')?.error?.code;
}

function watchdogs(scratch: Scratch): number[] {
  return readdirSync('/proc')
    .filter(
      (pid) =>
        /^\d+$/.test(pid) && commandLine(pid).includes('watchdog') && commandLine(pid).includes(scratch.path),
    )
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function halts(scratch: Scratch): string[] {
  try {
    return readdirSync(scratch.at('state/halts'));
  } catch {
    return [];
  }
}

describe('the capture of a Docker volume', { timeout: 300_000 }, () => {
  it('keeps its files with driver, options and labels, and leaves its containers running', async () => {
    using scratch = new Scratch();
    docker.docker(['volume', 'create', '--label=project=名簿', name]);
    start(`${name}-app`, quiet);
    writeFileSync(join(folder(), 'letter'), '拝啓', { mode: 0o640 });
    const policy = policyOf(scratch);
    const { result, status } = await hikae(policy, ['backup']);
    assert.equal(status, 0);
    assert.equal(kept(scratch, 'letter'), '拝啓');
    const component = result.targets[0]?.snapshot?.header.components[0];
    assert.deepEqual(component?.origin, { kind: 'docker-volume', volume: name, pause: 0 });
    assert.deepEqual(component?.facts?.volume, { driver: 'local', options: {}, labels: { project: '名簿' } });
    const again = await hikae(policy, ['backup', '--dry-run']);
    assert.match(again.stdout, /"unchanged":\s*4\b|"newBytes":\s*0\b/);
    await hikae(policy, ['restore', 'app', '--to', scratch.at('out')]);
    assert.equal(readFileSync(scratch.at('out/data/letter'), 'utf8'), '拝啓');
    assert.equal(statSync(scratch.at('out/data/letter')).mode & 0o777, 0o640);
  });

  it('halts who writes to it while it is read, and nobody else', async () => {
    using scratch = new Scratch();
    start(`${name}-one`, writer);
    start(`${name}-reader`, quiet, { mode: 'ro' });
    start(`${name}-halted`, quiet);
    docker.docker(['pause', `${name}-halted`]);
    fill(name, 1_000);
    const began = Math.floor(Date.now() / 1000);
    const { status } = await hikae(policyOf(scratch, { pause: true }), ['backup']);
    assert.equal(status, 0);
    assert.ok(Math.abs(Number(kept(scratch, 'one')) - Number(kept(scratch, 'two'))) <= 1);
    const ended = Math.ceil(Date.now() / 1000) + 1;
    const events = docker.docker([
      'events',
      `--since=${began}`,
      `--until=${ended}`,
      '--filter=event=pause',
      '--filter=event=unpause',
      '--format={{.Action}} {{.Actor.Attributes.name}}',
    ]);
    assert.deepEqual(
      events.split('\n').filter((line) => !line.endsWith('-halted')),
      [`pause ${name}-one`, `unpause ${name}-one`],
    );
    assert.equal((await look(`${name}-halted`)).paused, true);
    assert.deepEqual([halts(scratch), watchdogs(scratch)], [[], []]);
  });

  it('gives the containers back within seconds of its own violent death', async () => {
    using scratch = new Scratch();
    name = MANY;
    const container = `${name}-app`;
    start(container, writer);
    using running = new Running(withPolicy(policyOf(scratch, { pause: true }), ['backup']), {
      environment: docker.environment,
    });
    await until('it is paused', async () => (await look(container)).paused);
    running.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal((await look(container)).paused, true, 'still paused while hikae stands');
    running.kill('SIGKILL');
    const taken = await until('it goes on', async () => !(await look(container)).paused, 5_000);
    assert.ok(taken < 5_000);
    await until('nobody watches any more', async () => watchdogs(scratch).length === 0);
    assert.deepEqual(halts(scratch), []);
  });

  it('gives them back after maxPause whatever it is doing, and has failed then', async () => {
    using scratch = new Scratch();
    name = MANY;
    const container = `${name}-app`;
    start(container, writer);
    const policy = policyOf(scratch, { pause: true, maxPause: '1s' });
    using running = new Running(withPolicy(policy, ['backup']), { environment: docker.environment });
    await until('it is paused', async () => (await look(container)).paused);
    running.kill('SIGSTOP');
    await until('it goes on', async () => !(await look(container)).paused, 3_000);
    running.kill('SIGCONT');
    const ended = told<ToldBackup>(await running.end);
    assert.deepEqual([ended.status, failureOf(ended)], [3, 'VOLUME_PAUSE_EXCEEDED']);
    assert.equal(ended.result.targets[0]?.snapshot?.complete, false);
    assert.deepEqual(readdirSync(scratch.at('vault/daily/app')).includes('latest'), false);
  });

  it('fails rather than keep what was written meanwhile', async () => {
    using scratch = new Scratch();
    name = MANY;
    const container = `${name}-app`;
    start(container, writer);
    using running = new Running(withPolicy(policyOf(scratch, { pause: true }), ['backup']), {
      environment: docker.environment,
    });
    await until('it is paused', async () => (await look(container)).paused);
    docker.docker(['unpause', container]);
    assert.equal(failureOf(told<ToldBackup>(await running.end)), 'VOLUME_NOT_STILL');
  });

  it('ends the pause and the capture when nobody watches over it', async () => {
    using scratch = new Scratch();
    name = MANY;
    const container = `${name}-app`;
    start(container, writer);
    using running = new Running(withPolicy(policyOf(scratch, { pause: true }), ['backup']), {
      environment: docker.environment,
    });
    await until('it is paused', async () => (await look(container)).paused);
    for (const pid of watchdogs(scratch)) process.kill(pid, 'SIGKILL');
    await until('it goes on', async () => !(await look(container)).paused, 5_000);
    assert.equal(failureOf(told<ToldBackup>(await running.end)), 'VOLUME_WATCH_FAILED');
    assert.deepEqual(halts(scratch), []);
  });

  it('is mended by the next run when it and its watchdog are both killed', async () => {
    using scratch = new Scratch();
    name = MANY;
    const container = `${name}-app`;
    start(container, writer);
    const policy = policyOf(scratch, { pause: true });
    using running = new Running(withPolicy(policy, ['backup']), { environment: docker.environment });
    await until('it is paused', async () => (await look(container)).paused);
    running.kill('SIGSTOP');
    for (const pid of watchdogs(scratch)) process.kill(pid, 'SIGKILL');
    running.kill('SIGKILL');
    await running.end;
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await look(container)).paused, true, 'nobody is left to unpause it');
    assert.equal(halts(scratch).length, 1);

    const broken = await hikae(policy, ['snapshots'], {
      environment: { DOCKER_HOST: docker.environment.DOCKER_HOST },
    });
    const [warning] = eventsOf(broken, 'warning').filter(({ code }) => code === 'containers-unpaused');
    assert.deepEqual([warning?.facts.volume, warning?.facts.containers], [name, [container]]);
    assert.equal((await look(container)).paused, false);
    assert.deepEqual(halts(scratch), []);
  });
});

describe('a volume that can not be captured', { timeout: 120_000 }, () => {
  it('is told apart: unknown, of another kind, on another machine, without rights', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    assert.equal(failureOf(await hikae(policy, ['backup'])), 'VOLUME_UNKNOWN');
    const mount = ['--opt=type=none', '--opt=o=bind,secret=geheim', `--opt=device=${scratch.at('site')}`];
    docker.docker(['volume', 'create', ...mount, name]);
    const odd = await hikae(policy, ['backup']);
    assert.equal(failureOf(odd), 'VOLUME_OPTIONS');
    assert.doesNotMatch(odd.stdout + odd.stderr, /geheim/);
    const at = (address: string) => hikae(policy, ['backup'], { environment: { DOCKER_HOST: address } });
    const remote = await at('tcp://root:geheim@192.0.2.7:2376');
    assert.equal(failureOf(remote), 'ENGINE_REMOTE');
    assert.doesNotMatch(remote.stdout + remote.stderr, /geheim/);
    assert.equal(failureOf(await at('ssh://192.0.2.7')), 'ENGINE_REMOTE');
    assert.equal(failureOf(await at(`unix://${scratch.at('nothing.sock')}`)), 'ENGINE_UNREACHABLE');
  });

  it('says so to who may not use the engine', async () => {
    using scratch = new Scratch();
    const source = openEngine(join(docker.folder, 'socket'));
    assert.equal(await source.volume('none', { signal }), undefined);
    const program = `
      const { openEngine } = await import(${JSON.stringify(new URL('../../src/source/docker/engine.ts', import.meta.url).href)});
      await openEngine(process.argv[1]).volume('x', { signal: new AbortController().signal }).catch((error) => console.log(error.code));`;
    const path = scratch.at('socket');
    writeFileSync(path, '');
    const { stdout } = await import('node:child_process').then(({ spawnSync }) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', program, join(docker.folder, 'socket')], {
        encoding: 'utf8',
        uid: NOBODY,
        gid: NOBODY,
      }),
    );
    assert.equal(stdout.trim(), 'ENGINE_FORBIDDEN');
  });
});

describe('the restore of a Docker volume in place', { timeout: 300_000 }, () => {
  it('does what the plan says, with the containers that ran stopped and started around', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    start(`${name}-app`, quiet);
    start(`${name}-idle`, quiet);
    docker.docker(['stop', `${name}-idle`]);
    writeFileSync(join(folder(), 'letter'), 'old');
    writeFileSync(join(folder(), 'gone'), 'back');
    assert.equal((await hikae(policy, ['backup'])).status, 0);
    writeFileSync(join(folder(), 'letter'), 'new!');
    writeFileSync(join(folder(), 'later'), 'surplus');
    rmSync(join(folder(), 'gone'));
    const { started } = await look(`${name}-app`);

    const args = ['restore', 'app', '--in-place', '--delete', '--component', 'data'];
    const plan = await hikae<ToldPlan>(policy, [...args, '--dry-run']);
    assert.deepEqual(
      plan.result.effects.map(({ action, path }) => `${action} ${path.replace(folder(), '')}`),
      [`change docker container ${name}-app`, 'change ', 'create /gone', 'change /letter', 'remove /later'],
    );
    assert.equal((await look(`${name}-app`)).started, started, 'a plan stops nothing');

    const { result, status } = await hikae<ToldRestore>(policy, args);
    assert.equal(status, 0);
    assert.deepEqual(readdirSync(folder()).sort(), ['gone', 'letter']);
    assert.equal(readFileSync(join(folder(), 'letter'), 'utf8'), 'old');
    assert.equal(result.safety?.header.components[0]?.complete, true);
    const app = await look(`${name}-app`);
    assert.deepEqual([app.running, app.started > started], [true, true]);
    assert.equal((await look(`${name}-idle`)).running, false);
    assert.deepEqual(halts(scratch), []);

    const calm = await hikae<ToldRestore>(policy, args);
    assert.equal(calm.status, 0);
    assert.equal((await look(`${name}-app`)).started, app.started, 'nothing to do, so nobody is stopped');
  });

  it('undoes what a container writes as it is stopped', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    start(`${name}-app`, 'trap "echo last >/data/letter; exit 0" TERM; while :; do sleep 0.05; done');
    writeFileSync(join(folder(), 'letter'), 'old');
    writeFileSync(join(folder(), 'other'), 'old');
    assert.equal((await hikae(policy, ['backup'])).status, 0);
    writeFileSync(join(folder(), 'other'), 'new!');
    assert.equal((await hikae<ToldRestore>(policy, ['restore', 'app', '--in-place'])).status, 0);
    assert.equal(readFileSync(join(folder(), 'letter'), 'utf8'), 'old');
  });

  it('makes a volume that has gone again, with driver, options and labels', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    docker.docker(['volume', 'create', '--label=project=shop', name]);
    writeFileSync(join(folder(), 'letter'), 'old');
    assert.equal((await hikae(policy, ['backup'])).status, 0);
    docker.docker(['volume', 'rm', name]);
    const plan = await hikae<ToldPlan>(policy, ['restore', 'app', '--in-place', '--dry-run']);
    const made = plan.result.effects.filter(({ action }) => action === 'create').map(({ path }) => path);
    const place = join(docker.folder, 'data/volumes', name, '_data');
    assert.deepEqual(made, [`docker volume ${name}`, place, join(place, 'letter')]);
    assert.equal(await engine.volume(name, { signal }), undefined, 'a plan makes nothing');
    assert.equal((await hikae<ToldRestore>(policy, ['restore', 'app', '--in-place'])).status, 0);
    const volume = await engine.volume(name, { signal });
    assert.deepEqual([volume?.driver, volume?.labels], ['local', { project: 'shop' }]);
    assert.equal(
      docker.docker(['run', '--rm', '--network=none', `--volume=${name}:/d`, image, 'cat', '/d/letter']),
      'old',
    );
  });

  it('keeps the old content as another volume when told so', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    start(`${name}-app`, quiet);
    writeFileSync(join(folder(), 'letter'), 'old');
    assert.equal((await hikae(policy, ['backup'])).status, 0);
    writeFileSync(join(folder(), 'letter'), 'new!');
    writeFileSync(join(folder(), 'later'), 'more');
    const { status } = await hikae<ToldRestore>(policy, [
      'restore',
      'app',
      '--in-place',
      '--keep-old',
      '--component',
      'data',
    ]);
    assert.equal(status, 0);
    assert.equal(docker.docker(['exec', `${name}-app`, 'ls', '/data']), 'letter');
    assert.equal(docker.docker(['exec', `${name}-app`, 'cat', '/data/letter']), 'old');
    const names = docker.docker(['volume', 'ls', '--quiet', `--filter=name=${name}_hikae_`]).split('\n');
    assert.equal(names.length, 1);
    const look = [
      'run',
      '--rm',
      '--network=none',
      `--volume=${names[0]}:/d`,
      image,
      'cat',
      '/d/letter',
      '/d/later',
    ];
    assert.equal(docker.docker(look), 'new!more');
  });

  it('has the old content back when the new one does not come whole', async () => {
    docker.docker(['volume', 'create', name]);
    writeFileSync(join(folder(), 'letter'), 'old');
    const volume = await engine.volume(name, { signal });
    assert.ok(volume);
    const work = async () => {
      assert.deepEqual(readdirSync(folder()), [], 'it begins empty');
      assert.deepEqual(readdirSync(folder(`${name}_kept`)), ['letter']);
      writeFileSync(join(folder(), 'half'), '');
      throw new Error('the disk is full');
    };
    await assert.rejects(
      replaceContent(volume, `${name}_kept`, { engine, signal }, work),
      /the disk is full/,
    );
    assert.deepEqual(readdirSync(folder()), ['letter']);
    assert.equal(await engine.volume(`${name}_kept`, { signal }), undefined);
  });

  it('refuses containers that would not come back as they are, before anything is changed', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    start(`${name}-app`, quiet, { options: ['--rm'] });
    writeFileSync(join(folder(), 'letter'), 'old');
    assert.equal((await hikae(policy, ['backup'])).status, 0);
    writeFileSync(join(folder(), 'letter'), 'new!');
    const restore = () => hikae<ToldRestore>(policy, ['restore', 'app', '--in-place', '--component', 'data']);
    assert.deepEqual([(await restore()).result.error?.code], ['VOLUME_USER_UNSTOPPABLE']);
    docker.docker(['stop', `${name}-app`]);
    await until('it has gone', async () => (await engine.container(`${name}-app`, { signal })) === undefined);
    docker.docker(['volume', 'create', name]);
    start(`${name}-halted`, quiet);
    docker.docker(['pause', `${name}-halted`]);
    assert.deepEqual([(await restore()).result.error?.code], ['VOLUME_USER_UNSTOPPABLE']);
    assert.equal(readFileSync(join(folder(), 'letter'), 'utf8'), 'new!');
    assert.equal((await look(`${name}-halted`)).paused, true);
  });

  it('tells what is down after its violent death, and starts it when it is run again', async () => {
    using scratch = new Scratch();
    const container = `${name}-app`;
    const policy = policyOf(scratch);
    start(container, quiet);
    fill(name, 3_000);
    assert.equal((await hikae(policy, ['backup'])).status, 0);
    for (const part of readdirSync(folder())) rmSync(join(folder(), part), { recursive: true });
    const args = ['restore', 'app', '--in-place', '--no-safety'];
    using running = new Running(withPolicy(policy, args), { environment: docker.environment });
    await until('it is stopped', async () => !(await look(container)).running);
    running.kill('SIGKILL');
    await running.end;
    assert.equal((await look(container)).running, false);
    const next = await hikae(policy, ['snapshots']);
    const [warning] = eventsOf(next, 'warning').filter(({ code }) => code === 'containers-stopped');
    assert.deepEqual(warning?.facts.containers, [container]);
    assert.equal((await look(container)).running, false, 'it would find half of its data');
    assert.equal((await hikae<ToldRestore>(policy, args)).status, 0);
    assert.equal((await look(container)).running, true);
    assert.deepEqual(halts(scratch), []);
    assert.equal(readdirSync(folder()).length, 6);
    assert.equal(
      (await runPlain(['--policy', policy, 'snapshots'], { environment: docker.environment })).stderr,
      '',
    );
  });
});
