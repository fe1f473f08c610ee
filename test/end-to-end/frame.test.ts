/** The frame of the command line as a real process: exit codes, languages, streams, signals, and what it loads. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const hikae = fileURLToPath(new URL('../../bin/hikae', import.meta.url));
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const fixture = fileURLToPath(new URL('frame-commands.ts', import.meta.url));
const environment = { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: '/nonexistent' };

let folder: string;
const children: ChildProcess[] = [];
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-frame-'));
});
after(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], env: Record<string, string> = {}) {
  const options = { encoding: 'utf8', env: { ...environment, ...env }, timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(hikae, args, options);
  return { status, stdout, stderr };
}

function runFixture(args: readonly string[]) {
  const options = { encoding: 'utf8', env: environment, timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [fixture, ...args], options);
  return { status, stdout, stderr };
}

describe('hikae', () => {
  it('shows its version', (context) => {
    const began = performance.now();
    const { status, stdout, stderr } = run(['--version']);
    context.diagnostic(`hikae --version took ${Math.round(performance.now() - began)} ms`);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `hikae ${version}\n`, stderr: '' });
  });

  it('loads next to nothing for its version, and no operation, parser or database for its help', () => {
    const version = loadedBy(['--version']);
    assert.ok(version.length > 3 && version.length < 15, version.join('\n'));
    assert.deepEqual(
      version.filter((module) => module.includes('node_modules')),
      [],
    );
    const help = loadedBy(['--help']);
    const heavy =
      /node_modules\/(zod|yaml|koffi|@koromix|croner|picomatch|cli-progress)|node:sqlite|libc\.ts/;
    const rooms = /src\/(operations|source|vault|storage|ledger|policy)\//;
    assert.deepEqual(
      help.filter((module) => heavy.test(module) || rooms.test(module)),
      [],
    );
    assert.ok(
      help.some((module) => module.includes('commander')),
      'the trace sees what is loaded',
    );
  });

  it('runs through a link to it, from anywhere', () => {
    symlinkSync(hikae, join(folder, 'first'));
    symlinkSync('first', join(folder, 'second'));
    const env = { ...environment, PATH: `${folder}:${process.env.PATH}` };
    for (const command of [join(folder, 'second'), 'second', './second']) {
      const { status, stdout } = spawnSync(command, ['--version'], { cwd: folder, env, encoding: 'utf8' });
      assert.equal(status, 0, command);
      assert.match(stdout, /^hikae /);
    }
  });

  it('ends with 2 and the nearest known word when the command line is wrong', () => {
    for (const [args, words] of [
      [['policy', 'check', '--jsn'], /--jsn.*\n.*--json/],
      [['polcy', 'check'], /polcy.*\n.*policy/],
      [['policy', 'chekc'], /chekc.*\n.*check/],
      [['policy', 'check', 'too', 'much'], /too much/],
      [['--lang', 'fr', 'policy', 'check'], /fr .*\n.*en, ja/],
    ] as const) {
      const { status, stdout, stderr } = run(args);
      assert.equal(status, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, words);
    }
  });

  it('shows help on stderr and ends with 2 when there is no command, on stdout and with 0 when asked', () => {
    const none = run([]);
    assert.equal(none.status, 2);
    assert.equal(none.stdout, '');
    assert.match(none.stderr, /^Usage: hikae/);
    const asked = run(['--help']);
    assert.equal(asked.status, 0);
    assert.equal(asked.stderr, '');
    assert.equal(asked.stdout, none.stderr);
  });

  it('speaks the language of --lang, else of the policy, else of the locale', () => {
    assert.match(run(['--help'], { LANG: 'ja_JP.UTF-8' }).stdout, /^使い方: hikae/);
    assert.match(run(['--help', '--lang', 'en'], { LANG: 'ja_JP.UTF-8' }).stdout, /^Usage: hikae/);
    assert.match(run(['--hepl', '--lang=ja']).stderr, /オプションはありません/);
    const policy = writePolicy('japanese.yaml', 'lang: ja\n');
    assert.match(run(['policy', 'check', '--policy', policy]).stdout, /正しいポリシーです/);
    assert.match(run(['policy', 'check', '--policy', policy, '--lang', 'en']).stdout, /is a sound policy/);
    assert.match(runFixture(['fail', 'ja']).stderr, /で終わりました/);
    assert.match(runFixture(['fail', 'ja', '--lang', 'en']).stderr, /ended with status 2/);
  });

  it('checks, explains and describes a policy', () => {
    const policy = writePolicy('sound.yaml', '');
    assert.equal(run(['policy', 'check', '--policy', policy]).status, 0);
    const checked = JSON.parse(run(['policy', 'check', '--policy', policy, '--json']).stdout);
    assert.deepEqual([checked.ok, checked.targets, checked.vaults], [true, ['etc'], ['hdd']]);
    const explained = run(['policy', 'explain', '--policy', policy]);
    assert.equal(explained.status, 0);
    assert.match(explained.stdout, /02:00/);
    assert.match(explained.stdout, /Not covered:/);
    assert.equal(typeof JSON.parse(run(['policy', 'schema']).stdout).properties, 'object');
  });

  it('tells all mistakes of a policy and ends with 2', () => {
    const policy = writePolicy('wrong.yaml', 'targts: {}\nlang: fr\n');
    const { status, stdout, stderr } = run(['policy', 'check', '--policy', policy]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /targts.*targets/);
    assert.match(stderr, /lang/);
    const json = run(['policy', 'check', '--policy', policy, '--json']);
    assert.equal(json.status, 2);
    assert.equal(JSON.parse(json.stdout).error.code, 'POLICY_INVALID');
    assert.equal(run(['policy', 'check', '--policy', join(folder, 'none.yaml')]).status, 2);
  });

  it('writes a policy that it finds sound itself, and never overwrites one', () => {
    const policy = join(folder, 'made', 'policy.yaml');
    const made = run(['policy', 'init', '--policy', policy]);
    assert.equal(made.status, 0, made.stderr);
    assert.equal(run(['policy', 'check', '--policy', policy]).status, 0);
    const written = readFileSync(policy, 'utf8');
    const again = run(['policy', 'init', '--policy', policy, '--lang', 'ja']);
    assert.equal(again.status, 2);
    assert.match(again.stderr, /CLI_FILE_EXISTS/);
    assert.equal(readFileSync(policy, 'utf8'), written);
    assert.equal(run(['policy', 'init']).stdout, written);
  });
});

describe('the frame', { timeout: 120_000 }, () => {
  after(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  it('shows an error with its hint and code, or as a result with --json', () => {
    const failed = runFixture(['fail', '--word', 'gone away']);
    assert.deepEqual([failed.status, failed.stdout], [1, '']);
    assert.match(failed.stderr, /^hikae: the command mysqldump .*gone away\n→ .*\n {2}\(COMMAND_FAILED\)\n$/);
    const json = runFixture(['fail', '--json']);
    assert.deepEqual([json.status, json.stderr], [1, '']);
    assert.equal(JSON.parse(json.stdout).error.details.command, 'mysqldump');
    assert.equal(runFixture(['fail', 'findings']).status, 21);
  });

  it('shows a bug as one, with its stack', () => {
    const { status, stderr } = runFixture(['fail', 'bug']);
    assert.equal(status, 1);
    assert.match(stderr, /this is a bug.*x is undefined[\s\S]*frame-commands\.ts/);
  });

  it('ends quietly when nobody reads what a reading command writes', async () => {
    assert.deepEqual(await runAndHangUp(['read']), { status: 0, stderr: '' });
  });

  it('works to its end when nobody reads the result of what changes something', async () => {
    assert.deepEqual(await runAndHangUp(['work']), { status: 3, stderr: 'worked to its end\n' });
  });

  it('goes on when nobody reads stderr', async () => {
    const child = start(process.execPath, [fixture, 'work'], { env: environment });
    child.stderr.destroy();
    child.stdout.resume();
    assert.equal(await endOf(child), 3);
  });

  it('says when a result can not be written', () => {
    const command = `exec "${process.execPath}" "${fixture}" work > /dev/full`;
    const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env: environment });
    assert.equal(status, 1);
    assert.match(stderr, /CLI_OUTPUT_FAILED/);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends cleanly on ${signal}`, async () => {
      const child = start(process.execPath, [fixture, 'wait'], { env: environment });
      const told = collect(child);
      await told.has('mail → hdd');
      child.kill(signal);
      assert.equal(await endOf(child), 130);
      assert.equal(
        told.text(),
        'backup started: mail\nmail → hdd\nhikae: stopping; once more ends at once\nhikae: cancelled\n',
      );
    });
  }

  it('ends at once on the second signal', async () => {
    const child = start(process.execPath, [fixture, 'deaf', '--lang', 'ja'], { env: environment });
    const told = collect(child);
    await told.has('開始しました');
    child.kill('SIGINT');
    await told.has('もう一度');
    child.kill('SIGINT');
    assert.equal(await endOf(child), 130);
  });

  it('keeps stderr to JSON lines with --json, also when it is cancelled', async () => {
    const child = start(process.execPath, [fixture, 'wait', '--json'], { env: environment });
    const told = collect(child);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    await told.has('work.done');
    child.kill('SIGINT');
    assert.equal(await endOf(child), 130);
    const events = told
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok(events.every(({ run, at }) => run === 'r1' && at.endsWith('Z')));
    assert.equal(JSON.parse(stdout).error.code, 'CANCELLED');
  });

  it('draws a line of progress on a real terminal, and takes it away', async () => {
    const command = `"${process.execPath}" "${fixture}" wait`;
    const env = { ...environment, TERM: 'xterm' };
    const child = start('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env });
    let shown = '';
    const drawn = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        shown += chunk;
        if (/\] {2}50% /.test(shown)) resolve();
      });
    });
    await drawn;
    // What Ctrl-C is on a terminal.
    child.stdin.write('\u0003');
    assert.equal(await endOf(child), 130);
    assert.match(shown.slice(shown.lastIndexOf('50% ')), /\u001b\[0J.*hikae: cancelled\r\n$/s);
  });
});

/** The addresses of the modules that a run of main.ts loads. */
function loadedBy(args: readonly string[]): string[] {
  const trace = join(folder, 'trace.mjs');
  const log = join(folder, 'loaded');
  writeFileSync(
    trace,
    `import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { appendFileSync(process.env.TRACE, url + '\\n'); return next(url, context); } });`,
  );
  writeFileSync(log, '');
  const env = { ...environment, TRACE: log };
  const { status } = spawnSync(process.execPath, ['--import', trace, main, ...args], { env });
  assert.equal(status, 0);
  return readFileSync(log, 'utf8').trimEnd().split('\n');
}

function writePolicy(name: string, more: string): string {
  const file = join(folder, name);
  const vault = join(folder, 'vault');
  const text = `version: 1
targets: { etc: { components: { etc: { files: /etc } } } }
vaults: { hdd: { plain: ${vault} } }
schedules: { daily: { at: "02:00", to: hdd } }
${more}`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** A child that doesn't outlive a test which fails. */
function start(
  command: string,
  args: readonly string[],
  options: { env: Record<string, string | undefined> },
) {
  const child = spawn(command, args, options);
  children.push(child);
  return child;
}

/** Reads a little of stdout and closes it, as `head` does. */
async function runAndHangUp(args: readonly string[]) {
  const child = start(process.execPath, [fixture, ...args], { env: environment });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  return { status: await endOf(child), stderr };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
  try {
    return await new Promise((resolve) => child.once('close', resolve));
  } finally {
    clearTimeout(limit);
  }
}

function collect(child: ChildProcess) {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    child.emit('told');
  });
  return {
    text: () => text,
    has: (part: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (text.includes(part)) resolve();
        };
        child.on('told', look);
        look();
      }),
  };
}
