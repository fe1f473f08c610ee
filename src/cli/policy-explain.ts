/** `hikae policy explain`: what the policy means, in words. */
import type { Bilingual } from '../base/language.ts';
import { defineCommand } from './command.ts';
import { loadContextPolicy } from './load-policy.ts';

const texts = {
  gaps: { en: 'Not covered:', ja: '守られていないもの:' },
  notYet: { en: 'In the policy, but not done yet:', ja: 'ポリシーにあるが、まだ実行されないもの:' },
} as const satisfies Record<string, Bilingual>;

export const policyExplain = defineCommand({
  name: 'policy explain',
  summary: {
    en: 'say in words what will happen when, what is kept, and what is not covered',
    ja: 'いつ何が行われ、何が残り、何が守られていないかを文章で説明します',
  },
  arguments: {},
  options: {},
  examples: [
    {
      line: 'hikae policy explain --lang ja',
      text: { en: 'the same in Japanese', ja: '日本語で説明します' },
    },
  ],
  async run(context) {
    const policy = await loadContextPolicy(context);
    const { explainPolicy, hostFacts } = await import('../policy/policy.ts');
    const { world, signal } = context;
    const now = world.clock.now();
    const explanation = await explainPolicy(policy, {
      now,
      facts: await hostFacts({ uid: world.uid, environment: world.environment }),
      signal,
    });
    await context.results.show(explanation, (language) => {
      const list = (title: Bilingual, entries: readonly { path: string; text: Bilingual }[]) =>
        entries.length === 0
          ? []
          : ['', title[language], ...entries.map(({ path, text }) => `  ${path}: ${text[language]}`)];
      return [
        ...explanation.plan.map(({ text }) => text[language]),
        ...list(texts.gaps, explanation.gaps),
        ...list(texts.notYet, explanation.notYetActing),
      ].join('\n');
    });
    return {};
  },
});
