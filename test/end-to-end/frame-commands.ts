/** The real frame in a process of its own, around commands that do what a test wants to see it handle. */
import { realWorld } from '../../src/app/world.ts';
import { delay } from '../../src/base/abort.ts';
import { processErrors } from '../../src/base/child-process.ts';
import { runCli } from '../../src/cli/cli.ts';
import { type Command, defineCommand } from '../../src/cli/command.ts';
import { list, optional } from '../../src/cli/options.ts';

const text = { en: 'for a test', ja: 'テスト用' };
const common = { summary: text, arguments: {}, options: {}, examples: [] };

const commands: readonly Command[] = [
  defineCommand({
    ...common,
    name: 'wait',
    async run({ openStage, signal }) {
      const { emit } = await openStage('r1');
      emit({ type: 'run.started', verb: 'backup', targets: ['mail'] });
      emit({ type: 'target.started', verb: 'backup', target: 'mail', vault: 'hdd' });
      emit({ type: 'work.expected', files: 100, bytes: 0, exact: true });
      emit({ type: 'work.done', files: 50, bytes: 0, unchanged: 50, changed: 0 });
      await delay(60_000, signal);
      return {};
    },
  }),
  defineCommand({
    ...common,
    name: 'deaf',
    async run({ openStage }) {
      const { emit } = await openStage();
      emit({ type: 'run.started', verb: 'backup', targets: [] });
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return {};
    },
  }),
  defineCommand({
    ...common,
    name: 'read',
    reads: true,
    async run({ results, signal }) {
      while (!signal.aborted) await results.write(`${'x'.repeat(1000)}\n`);
      throw signal.reason;
    },
  }),
  defineCommand({
    ...common,
    name: 'work',
    async run({ results, world }) {
      for (let line = 0; line < 1000; line++) await results.write(`${'x'.repeat(1000)}\n`);
      world.stderr.write('worked to its end\n');
      return { outcome: 'partial' };
    },
  }),
  defineCommand({
    ...common,
    name: 'fail',
    arguments: { how: optional('HOW', text) },
    options: { word: list('WORD', text) },
    async run({ speak }, { how }, { word }) {
      if (how === 'ja') speak('ja');
      if (how === 'bug') throw new TypeError('x is undefined');
      if (how === 'findings') return { findings: 2 };
      throw processErrors.COMMAND_FAILED({ command: 'mysqldump', ending: 'status 2', said: word });
    },
  }),
];

process.exitCode = await runCli(realWorld(), async () => ({
  commands: Object.fromEntries(commands.map((command) => [command.name, async () => command])),
  groups: {},
}));
