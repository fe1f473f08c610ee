/** `hikae prove`: until when is everything locked that a snapshot needs? */
import type { ProvenVault, ProveResult } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { formatSize } from '../base/quantities.ts';
import { type Proof, type ProvenObject, proofFlawTexts } from '../model/proof.ts';
import { countText, describeFailure, formatTable } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { passwordFileOption, vaultsOption } from './look.ts';
import { optional } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  title: { en: '{vault}:{place}', ja: '{vault}:{place}' },
  until: {
    en: 'protected until {until}: {objects} objects, {size}, as the server says at {time}',
    ja: '{until} まで保護されています（{objects} オブジェクト、{size}。サーバーの回答時刻 {time}）',
  },
  unknown: {
    en: 'NOT proven: of {objects} objects ({size}) not all are known to be locked',
    ja: '証明できません: {objects} オブジェクト（{size}）の中に、ロックを確認できないものがあります',
  },
  weakest: { en: 'locked the shortest', ja: 'ロック期限が最も近いもの' },
  locked: { en: 'until', ja: '期限' },
  mode: { en: 'mode', ja: 'モード' },
  version: { en: 'version', ja: 'バージョン' },
  finding: { en: '- {key}: {text}', ja: '- {key}: {text}' },
  more: { en: '- … and {count} more (--json has all)', ja: '- … 他 {count} 件（--json ですべて表示）' },
  none: { en: '{vault}: there is no snapshot', ja: '{vault}: スナップショットはありません' },
} as const satisfies Record<string, Bilingual>;

/** How many of the weakest, and of the findings, a person is shown. */
const WEAKEST = 3;
const MOST_FINDINGS = 20;

export const proveCommand = defineCommand({
  name: 'prove',
  asOf: true,
  summary: {
    en: 'ask the storage until when everything is locked that a snapshot needs',
    ja: 'スナップショットに必要なすべてがいつまでロックされているかをストレージに確かめます',
  },
  description: {
    en: 'Of a repository every pack, index, key, the config and the snapshot itself, of dated trees every file, the lists and the manifest: version, lock and SHA-256, by the word of the server. What it does not say counts as unknown, never as fine. The answers, with their times and the numbers of the requests, are evidence: --json shows them, and where the policy locks the vault they are stored in it, locked, below `evidence/` (`.hikae/evidence/`).',
    ja: 'リポジトリーではパック、インデックス、鍵、config、スナップショット自身、日付フォルダーの保管先では各ファイルと一覧、マニフェストのそれぞれについて、バージョン、ロック、SHA-256 をサーバーに確かめます。サーバーが示さないものは「不明」とし、正常とは見なしません。回答は時刻とリクエスト番号を含む証拠になり、--json で表示します。ポリシーでロックする保管先では、その中の `evidence/`(`.hikae/evidence/`)にもロックして保存します。',
  },
  arguments: {
    snapshot: optional('SNAP', {
      en: 'TARGET/DATE, an id, or a place as `hikae snapshots` lists it (the newest of every target when not given)',
      ja: 'TARGET/日付、ID、または `hikae snapshots` に出る場所（省略時は各ターゲットの最新）',
    }),
  },
  options: { vault: vaultsOption, passwordFile: passwordFileOption },
  examples: [
    {
      line: 'hikae prove',
      text: {
        en: 'the newest snapshots in all vaults that the policy locks',
        ja: 'ポリシーでロックするすべての保管先の最新のスナップショット',
      },
    },
    {
      line: 'hikae prove mail/2026-11-21 --vault s3 --json',
      text: { en: 'the evidence for one snapshot', ja: '1 つのスナップショットの証拠' },
    },
  ],
  async run(context, { snapshot }, { vault, passwordFile }) {
    return inPolicyOrVault(context, { vault, passwordFile }, async (parts) => {
      const { parseSnapshotSpec, prove } = await import('../app/operations.ts');
      const spec = snapshot === undefined ? undefined : parseSnapshotSpec(snapshot);
      const result = await prove({ spec, vault }, parts);
      await context.results.show(result, (language) => textOf(result, language, parts.zone));
      const proofs = result.vaults.flatMap((one) => one.proofs);
      const findings = proofs.reduce((sum, one) => sum + one.findings.length, 0);
      return {
        outcome: result.outcome,
        findings,
        errors: result.vaults.flatMap(({ error }) => error ?? []),
      };
    });
  },
});

function textOf({ vaults }: ProveResult, language: Language, zone: string): string {
  return vaults.map((one) => vaultText(one, language, zone)).join('\n\n');
}

function vaultText({ vault, proofs, error }: ProvenVault, language: Language, zone: string): string {
  if (error !== undefined) return describeFailure(error, language).join('\n');
  if (proofs.length === 0) return fill(texts.none[language], { vault });
  return proofs.map((proof) => proofText(vault, proof, language, zone)).join('\n\n');
}

function proofText(vault: string, proof: Proof, language: Language, zone: string): string {
  const { place, objects, bytes, protectedUntil, findings } = proof;
  const facts = { objects: countText(objects.length), size: formatSize(bytes) };
  const time = shownTime(Math.max(...objects.map((one) => one.time)), zone);
  const verdict =
    protectedUntil === undefined
      ? fill(texts.unknown[language], facts)
      : fill(texts.until[language], { ...facts, until: shownTime(protectedUntil, zone), time });
  const shown = findings
    .slice(0, MOST_FINDINGS)
    .map(({ key, flaw }) => fill(texts.finding[language], { key, text: proofFlawTexts[flaw][language] }));
  const rest = findings.length - shown.length;
  return [
    fill(texts.title[language], { vault, place }),
    verdict,
    ...shown,
    ...(rest > 0 ? [fill(texts.more[language], { count: countText(rest) })] : []),
    weakestText(objects, language, zone),
  ].join('\n');
}

function weakestText(objects: readonly ProvenObject[], language: Language, zone: string): string {
  const untilOf = ({ lock }: ProvenObject) => (typeof lock === 'object' ? lock.until : 0);
  const weakest = [...objects].sort((one, other) => untilOf(one) - untilOf(other)).slice(0, WEAKEST);
  const columns = (['weakest', 'locked', 'mode', 'version'] as const).map((key) => ({
    title: texts[key][language],
  }));
  const rows = weakest.map(({ key, lock, version }) => [
    key,
    typeof lock === 'object' ? shownTime(lock.until, zone) : '-',
    typeof lock === 'object' ? lock.mode : lock,
    version,
  ]);
  return formatTable(columns, rows);
}
