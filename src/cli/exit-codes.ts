/** The exit codes of hikae: a contract with scripts, in the order in which they win. */
import { Cancelled } from '../base/abort.ts';
import { HikaeError } from '../base/errors.ts';
import type { Bilingual } from '../base/language.ts';
import type { Outcome } from '../model/run.ts';

/** How a command ended, as far as its exit code is concerned. */
export interface Ending {
  readonly outcome?: Outcome;
  /** what ended the command, or parts of it, in whatever order */
  readonly errors?: readonly unknown[];
  /** infected files that were found */
  readonly malware?: number;
  /** what verify, guard, drill, prove or vault test found wrong */
  readonly findings?: number;
}

export const exitCodes = [
  { code: 130, text: { en: 'cancelled', ja: '中断されました' } },
  {
    code: 2,
    text: { en: 'the command line or the policy is wrong', ja: 'コマンドラインかポリシーに誤りがあります' },
  },
  { code: 10, text: { en: 'there is no vault', ja: '保管先 がありません' } },
  {
    code: 11,
    text: { en: 'the vault stayed locked', ja: '保管先がロックされたままでした' },
  },
  { code: 12, text: { en: 'wrong password', ja: 'パスワードが違います' } },
  { code: 1, text: { en: 'failed', ja: '失敗しました' } },
  { code: 20, text: { en: 'malware was found', ja: 'マルウェアが見つかりました' } },
  {
    code: 21,
    text: {
      en: 'verify, guard, drill, prove or vault test found something wrong',
      ja: 'verify・guard・drill・prove・vault test が異常を見つけました',
    },
  },
  {
    code: 3,
    text: { en: 'partial: it worked, with problems', ja: '一部成功: 問題がありましたが実行しました' },
  },
  { code: 0, text: { en: 'ok', ja: '正常' } },
] as const satisfies readonly { readonly code: number; readonly text: Bilingual }[];

export type ExitCode = (typeof exitCodes)[number]['code'];

/** The first code in the table that something in the ending asks for. */
export function exitCodeOf(ending: Ending): ExitCode {
  const asked = new Set<number>(ending.errors?.map(codeOfError));
  if (ending.outcome !== undefined) asked.add(codeOfOutcome[ending.outcome]);
  if ((ending.malware ?? 0) > 0) asked.add(20);
  if ((ending.findings ?? 0) > 0) asked.add(21);
  return exitCodes.find(({ code }) => asked.has(code))?.code ?? 0;
}

const codeOfOutcome: Readonly<Record<Outcome, ExitCode>> = {
  cancelled: 130,
  failed: 1,
  interrupted: 1,
  partial: 3,
  succeeded: 0,
};

function codeOfError(error: unknown): ExitCode {
  if (error instanceof Cancelled) return 130;
  return error instanceof HikaeError ? error.exit : 1;
}
