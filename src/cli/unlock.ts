/** `hikae unlock`: remove the locks of who is gone. */
import type { UnlockResult } from '../app/operations.ts';
import { type Bilingual, fill, type Language } from '../base/language.ts';
import { describeFailure } from '../report/report.ts';
import { defineCommand } from './command.ts';
import { passwordFileOption, vaultsOption } from './look.ts';
import { flag } from './options.ts';
import { inPolicyOrVault } from './parts.ts';
import { shownTime } from './shown.ts';

const texts = {
  vault: {
    en: 'Vault {vault}: {removed} locks removed, {held} left',
    ja: '保管先 {vault}: ロックを {removed} 件外しました（残り {held} 件）',
  },
  removed: { en: '- removed: {lock}', ja: '- 解除: {lock}' },
  held: { en: '- held: {lock}', ja: '- 使用中: {lock}' },
  lock: {
    en: 'process {pid} of {user} on {host}, last heard of {time}',
    ja: '{host} の {user} のプロセス {pid}（最後の更新 {time}）',
  },
  nameless: {
    en: 'process {pid} on {host}, last heard of {time}',
    ja: '{host} のプロセス {pid}（最後の更新 {time}）',
  },
  unknown: { en: 'a file that can not be read, of {time}', ja: '読み取れないファイル（{time}）' },
  alone: { en: '{lock}, alone', ja: '{lock}、排他' },
  advice: {
    en: 'Whoever holds a lock may be at work. If you know that nobody is, `hikae unlock --all` removes the rest.',
    ja: 'ロックを持つ処理は動作中かもしれません。どこでも動いていないと分かっている場合は `hikae unlock --all` で残りも外せます。',
  },
} as const satisfies Record<string, Bilingual>;

export const unlockCommand = defineCommand({
  name: 'unlock',
  summary: {
    en: 'remove the locks of processes that are gone',
    ja: '終了したプロセスのロックを外します',
  },
  description: {
    en: 'Repositories, and plain vaults over SFTP and on S3, are locked by files in them. A lock is removed when its hikae has ended on this machine, or when it was not refreshed for 30 minutes; one that can not be read, half an hour after it was put. Plain vaults on this machine need no such command: their locks end with the process.',
    ja: 'リポジトリーと、SFTP・S3 上の plain 保管先のロックは、その中のファイルです。このマシンの hikae が終了しているもの、または 30 分以上更新されていないもの（読み取れないものは置かれてから 30 分以上のもの）を外します。このマシンの plain 保管先のロックはプロセスとともに消えるため、この操作は不要です。',
  },
  arguments: {},
  options: {
    vault: vaultsOption,
    passwordFile: passwordFileOption,
    all: flag({
      en: 'also locks of who may be at work: only when you know that nobody is, on any machine',
      ja: '動作中かもしれないロックも外します（どのマシンでも動いていないと確認できたときだけ）',
    }),
  },
  examples: [
    {
      line: 'hikae unlock --vault s3',
      text: { en: 'after a machine that wrote there was lost', ja: '書き込み中のマシンが失われた後に' },
    },
  ],
  async run(context, _arguments, { all, ...reach }) {
    return inPolicyOrVault(context, reach, async (parts) => {
      const { unlock } = await import('../app/operations.ts');
      const result = await unlock({ vault: reach.vault, all }, parts);
      await context.results.show(result, (language) => textOf(result, parts.zone, language));
      return { outcome: result.outcome };
    });
  },
});

function textOf({ vaults }: UnlockResult, zone: string, language: Language): string {
  const lines = vaults.flatMap(({ vault, removed, held, error }) => [
    fill(texts.vault[language], { vault, removed: removed.length, held: held.length }),
    ...removed.map((lock) => fill(texts.removed[language], { lock: lockText(lock, zone, language) })),
    ...held.map((lock) => fill(texts.held[language], { lock: lockText(lock, zone, language) })),
    ...(error === undefined ? [] : describeFailure(error, language)),
  ]);
  if (vaults.some(({ held }) => held.length > 0)) lines.push(texts.advice[language]);
  return lines.join('\n');
}

type Lock = UnlockResult['vaults'][number]['held'][number];

function lockText({ holder, time, exclusive }: Lock, zone: string, language: Language): string {
  const facts = { ...holder, time: shownTime(time, zone) };
  const kind = holder === undefined ? 'unknown' : holder.user === undefined ? 'nameless' : 'lock';
  const lock = fill(texts[kind][language], facts);
  return exclusive ? fill(texts.alone[language], { lock }) : lock;
}
