/** `hikae policy check`: is the policy file sound? */
import { type Bilingual, fill } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { loadContextPolicy } from './load-policy.ts';

const texts = {
  sound: {
    en: '{file} is a sound policy: targets {targets}; vaults {vaults}; schedules {schedules}',
    ja: '{file} は正しいポリシーです: ターゲット {targets}、保管先 {vaults}、スケジュール {schedules}',
  },
  notYet: { en: 'It also says what hikae does not do yet:', ja: 'hikae がまだ対応していない設定があります:' },
} as const satisfies Record<string, Bilingual>;

export const policyCheck = defineCommand({
  name: 'policy check',
  summary: {
    en: 'check the policy file and tell all mistakes at once',
    ja: 'ポリシーファイルを検査し、誤りをすべて示します',
  },
  arguments: {},
  options: {},
  examples: [
    {
      line: 'hikae policy check --policy ./policy.yaml',
      text: {
        en: 'each mistake with its line, and exit code 2 if there is one',
        ja: '誤りを行番号とともに示し、誤りがあれば終了コード 2 で終わります',
      },
    },
  ],
  async run(context) {
    const policy = await loadContextPolicy(context);
    const { notYetActing } = await import('../policy/policy.ts');
    const later = notYetActing(policy);
    const facts = {
      file: policy.file,
      targets: Object.keys(policy.targets),
      vaults: Object.keys(policy.vaults),
      schedules: Object.keys(policy.schedules),
    };
    await context.results.show({ ok: true, ...facts, notYetActing: later }, (language) => {
      const lines = later.map(({ path, text }) => `  ${path}: ${text[language]}`);
      return [
        fill(texts.sound[language], facts),
        ...(later.length === 0 ? [] : ['', texts.notYet[language], ...lines]),
      ].join('\n');
    });
    return {};
  },
});
