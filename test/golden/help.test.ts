/** The help of every command in both languages, as files of this folder. */
import { describe, it } from 'node:test';
import { languages } from '../../src/base/language.ts';
import { commands, groups } from '../../src/cli/commands.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { matchesGolden } from './golden.ts';

describe('help', () => {
  for (const language of languages) {
    for (const name of ['', ...Object.keys(groups), ...Object.keys(commands)]) {
      it(`of "hikae${name === '' ? '' : ` ${name}`}" in ${language}`, async () => {
        const argv = [...name.split(' ').filter(Boolean), '--help'];
        const line = await parseCommandLine(argv, { commands, groups }, { language, columns: 80 });
        const file = `help/${name === '' ? 'hikae' : name.replace(' ', '-')}.${language}.txt`;
        matchesGolden(file, line.kind === 'help' ? line.text : '');
      });
    }
  }
});
