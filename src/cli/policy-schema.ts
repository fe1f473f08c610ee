/** `hikae policy schema`: the JSON Schema of the policy file. */
import { defineCommand } from './command.ts';

export const policySchema = defineCommand({
  name: 'policy schema',
  summary: {
    en: 'print the JSON Schema of the policy file, for editors',
    ja: 'ポリシーファイルの JSON Schema を出力します（エディター用）',
  },
  arguments: {},
  options: {},
  examples: [
    {
      line: 'hikae policy schema > policy.schema.json',
      text: {
        en: 'a file that editors complete and check with',
        ja: 'エディターの補完と検査に使うファイルを作ります',
      },
    },
  ],
  async run(context) {
    const { policyJsonSchema } = await import('../policy/policy.ts');
    const schema = await policyJsonSchema();
    // It is JSON already, with --json and without.
    await context.results.write(schema.endsWith('\n') ? schema : `${schema}\n`);
    return {};
  },
});
