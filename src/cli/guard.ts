/** `hikae guard`: does the bucket keep what the policy promises, and if not, make it so. */
import type { CodeLanguage, GuardParts } from '../app/guard.ts';
import type { Policy } from '../policy/policy.ts';
import { defineCommand } from './command.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import type { Ending } from './exit-codes.ts';
import { appliedText, type PlanWords, planText } from './guard-plan-view.ts';
import { tamperText } from './guard-tamper-view.ts';
import { guardText, guardView } from './guard-view.ts';
import { flag, value } from './options.ts';
import { codeAsker, inPolicy } from './parts.ts';

export const guardCommand = defineCommand({
  name: 'guard',
  summary: {
    en: 'compare the settings of buckets with what the policy promises',
    ja: 'バケットの設定をポリシーの約束と照合します',
  },
  description: {
    en: 'Versions, locks, lifecycle, encryption, public access, the bucket policy, the clock and the keys. What the keys in use may not ask is unknown (exit code 3), never fine; what is wrong ends with 21. With --apply the settings are made what they should be, by a plan that is shown first.',
    ja: '版の保存、ロック、ライフサイクル、暗号化、公開設定、バケットポリシー、時計、認証キーを調べます。使用中のキーで確認できない項目は「不明」（終了コード 3）とし、正常とはみなしません。異常があれば終了コード 21 です。--apply を付けると、計画を示してから設定を直します。',
  },
  arguments: {},
  options: {
    vault: value('VAULT', {
      en: 'only this vault of the policy (all on S3 when not given)',
      ja: 'ポリシーのこの保管先だけ（省略時は S3 にあるものすべて）',
    }),
    apply: flag({
      en: 'make the settings what they should be; also makes a bucket that is not there',
      ja: '設定をあるべき状態に直します（バケットがなければ作成します）',
    }),
    dryRun: flag({
      en: 'with --apply: show what would be changed, and change nothing',
      ja: '--apply の計画だけを示し、何も変更しません',
    }),
    tamperTest: flag({
      en: 'try on an object of its own what an intruder with these keys would (with --yes)',
      ja: 'このキーを奪った侵入者がすることを、テスト用のオブジェクトで試します（--yes が必要）',
    }),
    terraform: flag({
      en: 'write buckets, policies, roles and alarms of the policy as Terraform to stdout',
      ja: 'バケット・ポリシー・ロール・警報を Terraform のコードとして標準出力に書き出します',
    }),
    cloudformation: flag({
      en: 'the same as a template of CloudFormation',
      ja: '同じ内容を CloudFormation のテンプレートとして書き出します',
    }),
    yes: flag({
      en: 'with --apply: also what nobody can undo (Object Lock, a new bucket); with --tamper-test: do it',
      ja: '--apply で取り消せない変更（オブジェクトロック、バケットの作成）も行います。--tamper-test では実行の確認です',
    }),
  },
  examples: [
    {
      line: 'hikae guard --vault s3',
      text: { en: 'is the bucket still what it should be?', ja: 'バケットは今もあるべき状態ですか' },
    },
    {
      line: 'hikae guard --apply --dry-run',
      text: { en: 'what would have to be changed', ja: '何を変更すべきかを示します' },
    },
    {
      line: 'hikae guard --terraform > terraform/s3-backup/hikae.tf',
      text: { en: 'the account side as code', ja: 'アカウント側の設定をコードにします' },
    },
    {
      line: 'hikae guard --tamper-test --yes',
      text: { en: 'does the lock hold?', ja: 'ロックは本当に効いていますか' },
    },
  ],
  async run(context, _, { vault, apply, dryRun, tamperTest, terraform, cloudformation, yes }) {
    const modes = { '--apply': apply, '--tamper-test': tamperTest, '--terraform': terraform };
    const chosen = Object.entries({ ...modes, '--cloudformation': cloudformation })
      .filter(([, given]) => given)
      .map(([option]) => option);
    if (chosen.length > 1) throw cliErrors.CLI_OPTIONS_CONFLICT({ options: chosen });
    if (!apply && dryRun) throw cliErrors.CLI_OPTION_ALONE({ option: '--dry-run', other: '--apply' });
    if (!apply && !tamperTest && yes)
      throw cliErrors.CLI_OPTION_ALONE({ option: '--yes', other: '--apply, --tamper-test' });
    return inPolicy(context, async (own, policy) => {
      const { bucketsOf } = await import('../app/buckets.ts');
      const parts = { ...own, policy, buckets: bucketsOf(policy, context.world, codeAsker(context)) };
      if (terraform) return await writeCode(context, 'terraform', vault, parts);
      if (cloudformation) return await writeCode(context, 'cloudformation', vault, parts);
      if (tamperTest) return await tamperAll(context, { vault, yes }, parts);
      return apply
        ? await applyAll(context, { vault, dryRun, yes }, parts)
        : await compareAll(context, vault, parts);
    });
  },
});

async function compareAll(
  { results, language }: CommandContext,
  vault: string | undefined,
  parts: GuardParts,
): Promise<Ending> {
  const { guard, spellFinding } = await import('../app/guard.ts');
  const report = await guard({ vault }, parts);
  await results.show(guardView(report, spellFinding, language), (shown) =>
    guardText(report, spellFinding, shown),
  );
  const errors = report.ends.flatMap(({ error }) => error ?? []);
  return { outcome: report.outcome, findings: report.wrong, errors };
}

/** What is left for a person to mend ends as it does without --apply. */
async function applyAll(
  { results, language, json }: CommandContext,
  request: { readonly vault: string | undefined; readonly dryRun: boolean; readonly yes: boolean },
  parts: GuardParts,
): Promise<Ending> {
  const { applyGuard } = await import('../app/guard.ts');
  const words = await planWords(parts.policy);
  const applied = await applyGuard(request, parts, async (shown) => {
    if (!json) await results.write(`${planText(shown, words, language)}\n\n`);
  });
  await results.show({ dryRun: request.dryRun, vaults: applied }, (shown) =>
    appliedText(applied, request.dryRun, shown),
  );
  const left = applied.flatMap(({ plan }) => plan?.left ?? []);
  const unknown = applied.some(({ plan }) => (plan?.unknown.length ?? 0) > 0);
  return {
    outcome: unknown ? 'partial' : 'succeeded',
    findings: left.filter((one) => words.spell(one, language).severity !== 'advice').length,
    errors: applied.flatMap(({ error }) => error ?? []),
  };
}

async function tamperAll(
  { results }: CommandContext,
  request: { readonly vault: string | undefined; readonly yes: boolean },
  parts: GuardParts,
): Promise<Ending> {
  const { tamperWithBuckets } = await import('../app/guard.ts');
  const report = await tamperWithBuckets(request, parts);
  await results.show(report, (shown) => tamperText(report, parts.policy.timezone, shown));
  return { findings: report.wrong, errors: report.ends.flatMap(({ error }) => error ?? []) };
}

async function writeCode(
  { results }: CommandContext,
  language: CodeLanguage,
  vault: string | undefined,
  parts: GuardParts,
): Promise<Ending> {
  const { writeAccountCode } = await import('../app/guard.ts');
  const text = writeAccountCode(language, vault, parts);
  await results.show({ language, text }, () => text);
  return {};
}

async function planWords({ cost }: Policy): Promise<PlanWords> {
  const { isIrreversible, spellFinding, standardMonth } = await import('../app/guard.ts');
  return { spell: spellFinding, isIrreversible, month: standardMonth, cost };
}
