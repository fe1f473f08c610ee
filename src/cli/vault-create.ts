/** `hikae vault create`: make a vault of the policy, also in the place of one that is lost. */

import type { Kit } from '../app/operations.ts';
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { kitFileOption, openKitOutput } from './kit-output.ts';
import { one } from './options.ts';
import { inPolicy } from './parts.ts';

const texts = {
  created: { en: 'the vault {name} was made at {place}', ja: '保管先 {name} を {place} に作成しました' },
  there: { en: 'the vault {name} is at {place} already', ja: '保管先 {name} はすでに {place} にあります' },
} as const satisfies Record<string, Bilingual>;

export const vaultCreateCommand = defineCommand({
  name: 'vault create',
  summary: { en: 'make a vault of the policy', ja: 'ポリシーの保管先を作成します' },
  description: {
    en: 'The first backup makes a local vault by itself. This command makes one over SFTP or on S3, in a folder or prefix that holds nothing, and one that was there before and is lost: hikae never begins such a vault anew without being told.',
    ja: 'ローカルの保管先は最初のバックアップで自動的に作られます。このコマンドは、SFTP や S3 の保管先を空のフォルダーやプレフィックスに作成するとき、または以前あった保管先が失われたときに使います。hikae が指示なしに作り直すことはありません。',
  },
  arguments: { name: one('NAME', { en: 'its name in the policy', ja: 'ポリシーでの名前' }) },
  options: { kitFile: kitFileOption },
  examples: [
    {
      line: 'hikae vault create hdd',
      text: { en: 'after a new disk was put in', ja: 'ディスクを交換した後に' },
    },
  ],
  async run(context, { name }, { kitFile }) {
    return inPolicy(context, async (parts) => {
      const { createVault } = await import('../app/operations.ts');
      const output = await openKitOutput(context, kitFile);
      try {
        const show = output === undefined ? undefined : (kit: Kit) => output.show(kit, parts.zone);
        const result = await createVault(name, parts, show);
        const notes: Bilingual[] =
          result.created && result.kit === 'unconfirmed' && output ? [output.note] : [];
        await context.results.show(result, (language) =>
          [
            fill(texts[result.created ? 'created' : 'there'][language], { name, place: result.place }),
            ...notes.map((note) => note[language]),
          ].join('\n'),
        );
        return {};
      } finally {
        await output?.close();
      }
    });
  },
});
