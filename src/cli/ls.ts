/** `hikae ls`: what is in a snapshot. */
import { defineCommand } from './command.ts';
import { lockOptions, lookOptions, passwordFileOption, snapshotArgument, vaultOption } from './look.ts';
import { nodeLine, nodeView } from './node-view.ts';
import { flag, optional } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { chosenText } from './shown.ts';
import { streamList } from './stream-list.ts';

export const lsCommand = defineCommand({
  name: 'ls',
  summary: { en: 'list what is in a snapshot', ja: 'スナップショットの中身を一覧します' },
  description: {
    en: 'Control characters and bytes that are no text are shown as in `\\n` and `\\xff`; such a path can be given back as PATH.',
    ja: '制御文字や文字にならないバイトは `\\n`、`\\xff` のように示します。その表記のまま PATH に指定できます。',
  },
  reads: true,
  arguments: {
    snapshot: snapshotArgument,
    path: optional('PATH', {
      en: 'a folder or file in it, its component first',
      ja: 'その中のフォルダーかファイル（先頭はコンポーネント名）',
    }),
  },
  options: {
    recursive: flag({
      en: 'also what lies in the folders',
      ja: '下位のフォルダーの中身も一覧します',
    }),
    vault: vaultOption,
    passwordFile: passwordFileOption,
    ...lockOptions,
  },
  examples: [
    {
      line: 'hikae ls mail',
      text: { en: 'the components of the latest', ja: '最新のスナップショットの構成' },
    },
    {
      line: 'hikae ls mail/2026-11-21 vmail/example.org --recursive',
      text: { en: 'everything below a folder, as it was that day', ja: 'その日のフォルダー以下すべて' },
    },
  ],
  async run(context, { snapshot, path }, { recursive, ...reach }) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { listNodes, parseSnapshotSpec } = await import('../app/operations.ts');
      const request = { spec: parseSnapshotSpec(snapshot), path, recursive };
      await listNodes({ ...request, ...lookOptions(context, reach.vault, parts) }, parts, (chosen, nodes) => {
        const { zone } = chosen.entry.header;
        return streamList(context, {
          head: { vault: chosen.opened.name, snapshot: chosen.entry },
          name: 'nodes',
          items: nodes,
          json: (node) => nodeView(node, zone),
          headText: (language) => chosenText(chosen, language),
          itemText: (node) => nodeLine(node, zone),
        });
      });
      return {};
    });
  },
});
