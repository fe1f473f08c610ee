/** `hikae verify`: is what the vaults hold what was stored? */
import type { VerifyReport } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import type { FindingKind } from '../model/finding.ts';
import { countText, eventText, formatTable, outcomeTexts } from '../report/report.ts';
import { defineCommand } from './command.ts';
import type { CommandContext } from './context.ts';
import { cliErrors } from './errors.ts';
import type { Ending } from './exit-codes.ts';
import { passwordFileOption, vaultsOption } from './look.ts';
import { choice, optional, parsed, value } from './options.ts';
import { inPolicyOrVault } from './parts.ts';

const texts = {
  vault: { en: 'vault', ja: '保管先' },
  target: { en: 'target', ja: 'ターゲット' },
  outcome: { en: 'outcome', ja: '結果' },
  snapshots: { en: 'snapshots', ja: 'スナップショット' },
  entries: { en: 'entries', ja: '項目数' },
  files: { en: 'files read', ja: '読んだファイル' },
  size: { en: 'bytes read', ja: '読んだ量' },
  findings: { en: 'findings', ja: '異常' },
  sample: {
    en: 'A sample of {seconds} s; --seed {seed} repeats its choice.',
    ja: '{seconds} 秒の抜き取り検査です。--seed {seed} で同じ選び方を再現できます。',
  },
  files_damaged: {
    en: 'Damaged files: the next backup does not share them but reads them anew from their source. The snapshots named here stay damaged until `hikae repair` mends them, best with --from and another vault; what it leaves, take from another date or another vault.',
    ja: '壊れたファイル: 次のバックアップは共有せず、取得元から読み直します。上記のスナップショットは `hikae repair` で修復するまで壊れたままです（--from で別の保管先を指定するのが最善です）。修復できないファイルは別の日付か別の保管先から取り出してください。',
  },
  lists_damaged: {
    en: 'Damaged lists (manifest, checksums.sha256): restore from another date or another vault. The files of that snapshot still lie in its folder and can be copied by hand.',
    ja: '壊れた一覧(マニフェスト、checksums.sha256): 別の日付か別の保管先から復元してください。ファイル自体はフォルダーに残っており、手でコピーできます。',
  },
  extra: {
    en: 'What does not belong there: somebody put it into the vault. Look at it before you remove it.',
    ja: 'あるはずのないもの: 誰かが保管先に置いたものです。内容を確かめてから削除してください。',
  },
  disk: {
    en: 'If you changed nothing there yourself, look at the disk (`dmesg`, `smartctl -a`).',
    ja: '自分で変更した覚えがなければ、ディスクを確かめてください(`dmesg`、`smartctl -a`)。',
  },
} as const satisfies Record<string, Bilingual>;

const advice: Readonly<Record<FindingKind, 'files_damaged' | 'lists_damaged' | 'extra'>> = {
  content: 'files_damaged',
  missing: 'files_damaged',
  size: 'files_damaged',
  attribute: 'files_damaged',
  unreadable: 'files_damaged',
  manifest: 'lists_damaged',
  checksums: 'lists_damaged',
  extra: 'extra',
};

/** Seconds of a sample where none are given. */
const SECONDS = 300;

export const verifyCommand = defineCommand({
  name: 'verify',
  asOf: true,
  summary: {
    en: 'read snapshots back and compare them with what was stored',
    ja: 'スナップショットを読み直し、保存時の内容と照合します',
  },
  description: {
    en: 'Damage is told with every snapshot that shares it, and remembered: the next backup reads such files anew from their source.',
    ja: '損傷は、それを共有するすべてのスナップショットとともに示し、記録します。次のバックアップはそのファイルを取得元から読み直します。',
  },
  arguments: {
    target: optional('TARGET', {
      en: 'only this target (all that there are when not given)',
      ja: 'このターゲットだけ（省略時はすべて）',
    }),
  },
  options: {
    vault: vaultsOption,
    passwordFile: passwordFileOption,
    date: value('DATE', {
      en: 'only one snapshot of each target: `latest`, a day, a week or an id (all when not given)',
      ja: '各ターゲットの 1 つだけ: `latest`、日付、週、または ID（省略時はすべて）',
    }),
    compare: value('VAULT', {
      en: 'hold the same snapshots in this vault against them, node by node',
      ja: 'この保管先にある同じスナップショットと 1 件ずつ照合します',
    }),
    level: choice(['structure', 'sample', 'full'], {
      en: 'names and attributes only; some contents as well; or all contents (full when not given)',
      ja: '名前と属性だけ、内容の抜き取り、内容すべて（省略時は full）',
    }),
    seconds: parsed(
      'N',
      {
        en: 'how long a sample may take (300 when not given)',
        ja: '抜き取りにかける秒数（省略時は 300）',
      },
      { parse: (given) => integerUpTo(given, 1, 604_800), expected: '1 … 604800' },
    ),
    seed: parsed(
      'N',
      {
        en: 'chooses the sample: the same seed, the same choice',
        ja: '抜き取りの選び方（同じ値なら同じ選び方）',
      },
      { parse: (given) => integerUpTo(given, 0, 0xffff_ffff), expected: '0 … 4294967295' },
    ),
  },
  examples: [
    { line: 'hikae verify', text: { en: 'everything, byte by byte', ja: 'すべてを 1 バイトずつ照合します' } },
    {
      line: 'hikae verify mail --date latest --level structure',
      text: { en: 'a quick look at the newest', ja: '最新のものを手早く確かめます' },
    },
    {
      line: 'hikae verify mail --vault hdd --compare s3',
      text: {
        en: 'is what lies in s3 what lies on the disk?',
        ja: 's3 の内容がディスクの内容と同じかを確かめます',
      },
    },
    {
      line: 'hikae verify --level sample --seconds 600',
      text: { en: 'ten minutes of random files', ja: '無作為に選んだファイルを 10 分間' },
    },
  ],
  async run(context, { target }, { date, compare, level = 'full', seconds = SECONDS, seed, ...reach }) {
    if (compare !== undefined && level === 'sample')
      throw cliErrors.CLI_OPTIONS_CONFLICT({ options: ['--compare', '--level sample'] });
    return inPolicyOrVault(context, reach, async (parts) => {
      const { compareVaults, verify } = await import('../app/operations.ts');
      if (compare !== undefined && level !== 'sample')
        return shown(
          await compareVaults({ target, vault: reach.vault, compare, date, level }, parts),
          context,
        );
      const sample = { seconds, seed: seed ?? Buffer.from(parts.random(4)).readUInt32LE() };
      const asOf = context.asOf?.instantIn(parts.zone);
      const report = await verify({ target, vault: reach.vault, date, asOf, level, sample }, parts);
      return shown(report, context);
    });
  },
});

async function shown(report: VerifyReport, { results }: CommandContext): Promise<Ending> {
  await results.show(report, (language) => textOf(report, language));
  const findings = report.ends.reduce((sum, end) => sum + end.findings.length, 0);
  return { outcome: report.outcome, findings, errors: report.ends.flatMap(({ error }) => error ?? []) };
}

function integerUpTo(given: string, least: number, most: number): number | undefined {
  const number = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function textOf({ ends, sample }: VerifyReport, language: Language): string {
  const columns = [
    ...(['vault', 'target', 'outcome'] as const).map((key) => ({ title: texts[key][language] })),
    ...(['snapshots', 'entries', 'files', 'size', 'findings'] as const).map((key) => ({
      title: texts[key][language],
      align: 'right' as const,
    })),
  ];
  const rows = ends.map(({ vault, comparedWith, target, outcome, checked, findings }) => [
    comparedWith === undefined ? vault : `${vault} = ${comparedWith}`,
    target,
    outcomeTexts[outcome][language],
    countText(checked.snapshots),
    countText(checked.nodes),
    countText(checked.files),
    formatSize(checked.bytes),
    countText(findings.length),
  ]);
  const lines = [formatTable(columns, rows)];
  if (sample !== undefined) lines.push(fill(texts.sample[language], sample));
  return [...lines, ...findingLines(ends, language)].join('\n');
}

function findingLines(ends: VerifyReport['ends'], language: Language): string[] {
  const all = ends.flatMap(({ vault, findings }) => findings.map((finding) => ({ vault, finding })));
  if (all.length === 0) return [];
  const told = all.map((one) => `- ${eventText({ type: 'finding', ...one }, language)}`);
  const todo = new Set(all.map(({ finding }) => advice[finding.kind]));
  return ['', ...told, '', ...[...todo].map((key) => texts[key][language]), texts.disk[language]];
}
