/** What guard found, as it is shown: a table of all checks, then each finding with its reason and its remedy. */
import type { Aspect, CheckState, GuardEnd, GuardReport, Severity } from '../app/guard.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { describeFailure, formatTable } from '../report/report.ts';

/** Puts a finding into words; given by who has loaded them. */
type Spell = typeof import('../app/guard.ts').spellFinding;

const texts = {
  title: { en: '{vault} ({place}):', ja: '{vault}（{place}）:' },
  aspect: { en: 'check', ja: '検査' },
  state: { en: 'state', ja: '判定' },
  remark: { en: 'remark', ja: '内容' },
  why: { en: '    why: {text}', ja: '    理由: {text}' },
  fix: { en: '    fix: {text}', ja: '    対処: {text}' },
} as const satisfies Record<string, Bilingual>;

const aspectTexts: Readonly<Record<Aspect, Bilingual>> = {
  bucket: { en: 'bucket', ja: 'バケット' },
  versioning: { en: 'versioning', ja: 'バージョニング' },
  'object-lock': { en: 'Object Lock', ja: 'オブジェクトロック' },
  'default-retention': { en: 'default retention', ja: 'デフォルトの保持' },
  lifecycle: { en: 'lifecycle', ja: 'ライフサイクル' },
  encryption: { en: 'encryption', ja: '暗号化' },
  'sse-kms': { en: 'KMS keys refused', ja: 'KMS 鍵の拒否' },
  'sse-c': { en: 'SSE-C refused', ja: 'SSE-C の拒否' },
  'public-access': { en: 'public access', ja: 'パブリックアクセス' },
  tls: { en: 'TLS only', ja: 'TLS の強制' },
  deletion: { en: 'who may delete', ja: '削除・変更の権限' },
  'lock-bounds': { en: 'bounds of locks', ja: 'ロック期間の上下限' },
  clock: { en: 'clock', ja: '時計' },
  'access-keys': { en: 'age of keys', ja: 'キーの古さ' },
  'own-rights': { en: 'own rights', ja: '自分の権限' },
};

const stateTexts: Readonly<Record<CheckState, Bilingual>> = {
  fine: { en: 'fine', ja: '正常' },
  advice: { en: 'advice', ja: '助言' },
  wrong: { en: 'WRONG', ja: '異常' },
  unknown: { en: 'unknown', ja: '不明' },
  elsewhere: { en: 'not here', ja: '対象外' },
};

const severityTexts: Readonly<Record<Severity, Bilingual>> = {
  critical: { en: 'critical', ja: '重大' },
  warning: { en: 'warning', ja: '警告' },
  advice: { en: 'advice', ja: '助言' },
};

/** The report with its findings in words, for programs that show it to a person. */
export function guardView({ outcome, wrong, ends }: GuardReport, spell: Spell, language: Language) {
  return {
    outcome,
    wrong,
    vaults: ends.map(({ vault, place, checks, error }) => ({
      vault,
      place,
      checks: checks.map((check) => ({
        ...check,
        findings: check.findings.map((finding) => spell(finding, language)),
      })),
      ...(error === undefined ? {} : { error }),
    })),
  };
}

export function guardText({ ends }: GuardReport, spell: Spell, language: Language): string {
  return ends.map((end) => endText(end, spell, language)).join('\n\n');
}

function endText({ vault, place, checks, error }: GuardEnd, spell: Spell, language: Language): string {
  const title = fill(texts.title[language], { vault, place });
  if (error !== undefined) return [title, ...describeFailure(error, language)].join('\n');
  const columns = (['aspect', 'state', 'remark'] as const).map((key) => ({ title: texts[key][language] }));
  const spelled = checks.map((check) => ({
    ...check,
    findings: check.findings.map((finding) => spell(finding, language)),
  }));
  const rows = spelled.map(({ aspect, state, reason, findings }) => [
    aspectTexts[aspect][language],
    stateTexts[state][language],
    reason ?? findings.map(({ what }) => what).join('; '),
  ]);
  const details = spelled
    .flatMap(({ findings }) => findings)
    .flatMap(({ severity, what, why, fix }) => [
      `- ${severityTexts[severity][language]}: ${what}`,
      fill(texts.why[language], { text: why }),
      fill(texts.fix[language], { text: fix }),
    ]);
  return [title, formatTable(columns, rows), ...(details.length === 0 ? [] : ['', ...details])].join('\n');
}
