/** `hikae dump`: the content of one file of a snapshot, on stdout. */
import { defineCommand } from './command.ts';
import { lockOptions, lookOptions, passwordFileOption, snapshotArgument, vaultOption } from './look.ts';
import { one } from './options.ts';
import { inPolicyOrVault } from './parts.ts';

export const dumpCommand = defineCommand({
  name: 'dump',
  summary: {
    en: 'write the content of one file of a snapshot to stdout',
    ja: 'スナップショットのファイル 1 つの内容を標準出力に書き出します',
  },
  description: {
    en: 'Its hash is checked on the way: with any exit code but 0, what was written must not be used.',
    ja: '書き出しながらハッシュを照合します。終了コードが 0 以外のときは、出力を使わないでください。',
  },
  reads: true,
  arguments: {
    snapshot: snapshotArgument,
    path: one('PATH', {
      en: 'the file, its component first, as `hikae ls` shows it',
      ja: 'ファイルのパス（先頭はコンポーネント名。`hikae ls` の表記のまま）',
    }),
  },
  options: { vault: vaultOption, passwordFile: passwordFileOption, ...lockOptions },
  examples: [
    {
      line: 'hikae dump mail/2026-11-21 config/srv/mailserver/.env > env.txt',
      text: { en: 'one file as it was that day', ja: 'その日のファイルを取り出します' },
    },
  ],
  async run(context, { snapshot, path }, reach) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { dumpFile, parseSnapshotSpec } = await import('../app/operations.ts');
      const request = {
        spec: parseSnapshotSpec(snapshot),
        path,
        ...lookOptions(context, reach.vault, parts),
      };
      await dumpFile(request, parts, (bytes) => context.results.write(bytes));
      return {};
    });
  },
});
