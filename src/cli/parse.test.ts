import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHikaeError } from '../base/errors.ts';
import { type Command, defineCommand } from './command.ts';
import { commands, groups } from './commands.ts';
import { globalOptions } from './globals.ts';
import { choice, flag, list, many, one, optional, parsed, value } from './options.ts';
import { parseCommandLine } from './parse.ts';

const text = { en: 'what it is', ja: '説明' };
const common = { summary: text, examples: [], run: async () => ({}) };
const restore = defineCommand({
  ...common,
  name: 'restore',
  reads: true,
  arguments: { target: one('TARGET', text), path: optional('PATH', text) },
  options: {
    dryRun: flag(text),
    to: value('DIR', text),
    component: list('C', text),
    schedule: choice(['daily', 'weekly'], text),
    most: parsed('N', text, {
      parse: (given) => (/^\d+$/.test(given) ? Number(given) : undefined),
      expected: '0…',
    }),
  },
});
const create = defineCommand({
  ...common,
  name: 'vault create',
  arguments: { names: many('NAME', text) },
  options: {},
});
let loaded: string[] = [];
const load = (command: Command) => async () => {
  loaded.push(command.name);
  return command;
};
const known = {
  commands: { restore: load(restore), 'vault create': load(create) },
  groups: { vault: text },
};

async function parse(...argv: string[]) {
  loaded = [];
  return await parseCommandLine(argv, known, { language: 'en', columns: 80 });
}

async function run(...argv: string[]) {
  const line = await parse(...argv);
  assert.equal(line.kind, 'run');
  return line as typeof line & { kind: 'run' };
}

async function failure(...argv: string[]) {
  try {
    await parse(...argv);
  } catch (error) {
    assert.ok(isHikaeError(error));
    assert.equal(error.exit, 2);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /\{\w+\}/);
    return { code: error.code, ...error.details };
  }
  return assert.fail('it was accepted');
}

describe('parseCommandLine', () => {
  it('gives a command its values, and those that were not given as false, none or undefined', async () => {
    const line = await run('restore', 'mail');
    assert.deepEqual(line.args, { target: 'mail', path: undefined });
    const nothing = { to: undefined, component: [], schedule: undefined, most: undefined };
    assert.deepEqual(line.options, { dryRun: false, ...nothing });
    assert.deepEqual(line.globals, { policy: undefined, json: false, quiet: false, lang: undefined });
    assert.equal(line.asOf, undefined);
  });

  it('parses each kind of value', async () => {
    const argv = [
      'restore',
      'mail',
      'a/b',
      '--dry-run',
      '--to',
      '/tmp/x',
      '--component=vmail',
      '--component',
      'dkim',
    ];
    const line = await run(...argv, '--schedule', 'weekly', '--most', '7', '--as-of', '2026-11-22');
    assert.deepEqual(line.args, { target: 'mail', path: 'a/b' });
    const given = { dryRun: true, to: '/tmp/x', component: ['vmail', 'dkim'], schedule: 'weekly', most: 7 };
    assert.deepEqual(line.options, given);
    assert.equal(line.asOf?.instantIn('UTC'), Date.UTC(2026, 10, 23) - 1);
  });

  it('takes the common options before the command, after it, and among its own', async () => {
    for (const argv of [
      ['--json', '--policy', 'p.yaml', 'restore', 'mail', '--to', 'x'],
      ['restore', '--json', 'mail', '--to', 'x', '--policy=p.yaml'],
      ['restore', 'mail', '--to', 'x', '--policy', 'p.yaml', '--json'],
    ]) {
      const line = await run(...argv);
      assert.equal(line.globals.json, true);
      assert.equal(line.globals.policy, 'p.yaml');
      assert.equal(line.options.to, 'x');
    }
  });

  it('takes nothing after -- for an option', async () => {
    const line = await run('restore', 'mail', '--', '--dry-run');
    assert.deepEqual(line.args, { target: 'mail', path: '--dry-run' });
    assert.equal(line.options.dryRun, false);
  });

  it('takes commands of two words with any number of arguments', async () => {
    assert.deepEqual((await run('vault', 'create')).args, { names: [] });
    assert.deepEqual((await run('vault', 'create', 'a', 'b')).args, { names: ['a', 'b'] });
  });

  it('loads no command but the one that is asked for', async () => {
    await run('--quiet', 'vault', 'create');
    assert.deepEqual(loaded, ['vault create']);
    await parse('restore', '--help');
    assert.deepEqual(loaded, ['restore']);
  });

  it('says what is wrong, and what was probably meant', async () => {
    const command = 'hikae restore';
    assert.deepEqual(await failure('restore', 'mail', '--dryrun'), {
      code: 'CLI_OPTION_MISTYPED',
      option: '--dryrun',
      nearest: '--dry-run',
      command,
    });
    assert.deepEqual(await failure('restore', 'mail', '--zzzzzz'), {
      code: 'CLI_OPTION_UNKNOWN',
      option: '--zzzzzz',
      command,
    });
    const restor = { code: 'CLI_COMMAND_MISTYPED', name: 'restor', nearest: 'restore', command: 'hikae' };
    assert.deepEqual(await failure('restor', 'mail'), restor);
    const frobnicate = { code: 'CLI_COMMAND_UNKNOWN', name: 'frobnicate', command: 'hikae' };
    assert.deepEqual(await failure('frobnicate'), frobnicate);
    const creat = { code: 'CLI_COMMAND_MISTYPED', name: 'creat', nearest: 'create', command: 'hikae vault' };
    assert.deepEqual(await failure('vault', 'creat'), creat);
    assert.deepEqual(await failure('restore'), { code: 'CLI_ARGUMENT_MISSING', argument: 'TARGET', command });
    const tooMany = { code: 'CLI_ARGUMENTS_TOO_MANY', arguments: 'a b c', command };
    assert.deepEqual(await failure('restore', 'a', 'b', 'c'), tooMany);
    const missing = { code: 'CLI_VALUE_MISSING', option: '--to <DIR>', command };
    assert.deepEqual(await failure('restore', 'a', '--to'), missing);
    assert.deepEqual(await failure('restore', 'a', '--schedule', 'hourly'), {
      code: 'CLI_VALUE_INVALID',
      option: '--schedule',
      value: 'hourly',
      expected: 'daily, weekly',
    });
    assert.equal((await failure('restore', 'a', '--most', 'x')).code, 'CLI_VALUE_INVALID');
    assert.equal((await failure('restore', 'a', '--as-of', 'soon')).code, 'CLI_VALUE_INVALID');
    assert.equal((await failure('--lang', 'fr', 'restore', 'a')).code, 'CLI_VALUE_INVALID');
    assert.equal((await failure('--bogus', 'restore', 'a')).code, 'CLI_OPTION_UNKNOWN');
    // Only what reads takes --as-of.
    assert.equal((await failure('vault', 'create', '--as-of', '2026-11-22')).code, 'CLI_OPTION_UNKNOWN');
  });

  it('shows help when it is asked for, and when no command is given', async () => {
    for (const [asked, argv] of [
      [true, ['--help']],
      [true, ['help']],
      [true, ['help', 'restore']],
      [true, ['restore', 'a', '-h']],
      [true, ['vault', '--help']],
      [false, []],
      [false, ['--json']],
      [false, ['vault']],
    ] as const) {
      const line = await parse(...argv);
      assert.equal(line.kind, 'help', argv.join(' '));
      assert.equal(line.kind === 'help' && line.asked, asked, argv.join(' '));
      assert.match(line.kind === 'help' ? line.text : '', /^Usage: hikae/);
    }
  });
});

describe('the table of commands', () => {
  for (const [name, loadCommand] of Object.entries(commands)) {
    it(`holds "${name}" under its own name, in both languages, without a word that means something else`, async () => {
      const command = await loadCommand();
      assert.equal(command.name, name);
      assert.ok(command.examples.length > 0, 'an example helps more than a description');
      const reserved = [...Object.keys(globalOptions), 'asOf', 'help', 'version'];
      for (const option of Object.keys(command.options)) assert.ok(!reserved.includes(option), option);
      const texts = [
        command.summary,
        ...Object.values({ ...command.arguments, ...command.options }).map((s) => s.text),
      ];
      for (const { en, ja } of [...texts, ...command.examples.map((example) => example.text)]) {
        assert.match(en, /^[\u0020-\u007e…]+$/);
        assert.match(ja, /[\u3040-\u30ff\u4e00-\u9fff]/);
      }
      for (const { line } of command.examples) assert.ok(line.startsWith(`hikae ${name}`), line);
      const [first = '', second] = name.split(' ');
      assert.equal(second !== undefined, Object.hasOwn(groups, first));
    });
  }
});
