/** `hikae policy init`: a policy for what is found on this machine. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../base/errors.ts';
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { cliErrors } from './errors.ts';
import { policyFile } from './load-policy.ts';

const written = {
  en: 'wrote {file}; read it, then: hikae policy explain --policy {file}',
  ja: '{file} を作成しました。内容を確認してから hikae policy explain --policy {file} を実行してください',
} as const satisfies Bilingual;

export const policyInit = defineCommand({
  name: 'policy init',
  summary: {
    en: 'write a commented policy for what is found on this machine',
    ja: 'このマシンを調べて、コメント付きのポリシーを作成します',
  },
  description: {
    en: 'Looks at this machine and writes a commented policy: to the file that --policy names, which must not exist yet, else to the standard output. Finds mail systems, web sites and the databases they use, database servers, containers and volumes of Docker, and groups them into targets. Run it as root: others may not look everywhere. It changes nothing, and copies no password.',
    ja: 'このマシンを調べ、コメント付きのポリシーを --policy のファイル（まだ存在しないもの）に書き出します。--policy がなければ標準出力に出します。メールシステム、ウェブサイトとそのデータベース、データベースサーバー、Docker のコンテナーとボリュームを探し、まとまりごとにターゲットを作ります。root で実行してください（他のユーザーでは調べられない場所があります）。何も変更せず、パスワードも書き写しません。',
  },
  arguments: {},
  options: {},
  examples: [
    { line: 'hikae policy init', text: { en: 'only show it', ja: '表示するだけです' } },
    {
      line: 'hikae policy init --policy /etc/hikae/policy.yaml',
      text: { en: 'write it to where hikae looks for it', ja: '既定の場所に書き出します' },
    },
  ],
  async run(context) {
    const { initHost, initPolicy } = await import('../policy/policy.ts');
    const { language, results, signal, world } = context;
    const host = await initHost({ uid: world.uid, environment: world.environment });
    const text = await initPolicy(host, {
      hostname: world.host,
      timezone: world.zone,
      language,
      signal,
    });
    if (!context.policy.given) {
      await results.show({ policy: text }, () => text);
      return {};
    }
    const file = policyFile(context);
    await createFile(file, text);
    await results.show({ file }, (spoken) => fill(written[spoken], { file }));
    return {};
  },
});

/** Never overwrites. Nobody but the owner may write it, or hikae would refuse it later. */
async function createFile(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await using created = await open(file, 'wx', 0o640);
    await created.writeFile(text);
    await created.sync();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw cliErrors.CLI_FILE_EXISTS({ file });
    if (code !== undefined) throw cliErrors.CLI_FILE_NOT_WRITTEN({ file, reason: code }, { cause: error });
    throw error;
  }
}
