/** What `warning` events tell: something about the set-up that a person should look at. */
import type { Bilingual } from '../base/language.ts';

export const warnings = {
  'subscriber-failed': {
    en: 'part of what follows will not be shown or recorded: {reason}',
    ja: 'これ以降、表示または記録の一部が欠けます: {reason}',
  },
  'other-vault': {
    en: 'the snapshot goes to the vault {vault}, because {wanted} is out of reach: {reason}',
    ja: '{wanted} に届かないため、スナップショットは保管先 {vault} に書き込みます: {reason}',
  },
  'ledger-set-aside': {
    en: 'the record of runs was damaged and begun anew; the old one is {path}',
    ja: '実行記録が壊れていたため新しく始めました。古いものは {path} にあります',
  },
  'ledger-trouble': {
    en: 'the record of runs has trouble: {reason}',
    ja: '実行記録に問題があります: {reason}',
  },
  'run-interrupted': {
    en: 'the {verb} that began at {started} was interrupted',
    ja: '{started} に始まった {verb} は中断されていました',
  },
  'not-acting': {
    en: 'the policy says at {path} what hikae does not do yet: {text}',
    ja: 'ポリシーの {path} はまだ実行されません: {text}',
  },
  'snapshot-unreadable': {
    en: '{place} in the vault {vault} can not be read as a snapshot: {reason}',
    ja: '保管先 {vault} の {place} はスナップショットとして読めません: {reason}',
  },
  'containers-unpaused': {
    en: 'a backup of the volume {volume} was interrupted at {since}; its containers were still paused and go on: {containers}',
    ja: 'ボリューム {volume} のバックアップ（{since}）が中断され、コンテナーが一時停止のままだったため再開しました: {containers}',
  },
  'containers-stopped': {
    en: 'a restore of the volume {volume} was interrupted at {since}, and what it had stopped is still down: {containers}; run that restore again, or start them with docker start',
    ja: 'ボリューム {volume} の復元（{since}）が中断され、停止したコンテナーが止まったままです: {containers}。その復元をもう一度実行するか、docker start で起動してください',
  },
  'containers-still': {
    en: 'these containers of the volume {volume} may stand still since {since}, and it can not be mended: {containers}; {reason}',
    ja: 'ボリューム {volume} の次のコンテナーは {since} から止まっている可能性がありますが、再開できません: {containers}（{reason}）',
  },
  'storage-retry': {
    en: 'the line to {storage} failed and is tried again in a moment: {reason}',
    ja: '{storage} との通信に失敗しました。少し待って再試行します: {reason}',
  },
  'cache-trouble': {
    en: 'the cache in {path} can not be used as it should be, so that more is asked of the storage: {reason}',
    ja: 'キャッシュ {path} を十分に使えないため、ストレージから読む量が増えます: {reason}',
  },
  'kit-missing': {
    en: 'the repository {vault} has no recovery key: if this machine is lost, so is all that lies there; run `hikae kit print --new --vault {vault}` on a terminal',
    ja: 'リポジトリー {vault} には復旧用の鍵がありません。このマシンを失うと、その中のデータも失われます。端末で `hikae kit print --new --vault {vault}` を実行してください',
  },
  'kit-unconfirmed': {
    en: 'nobody has said yet that the recovery kit of {vault} lies away from this machine; when it does: `hikae kit confirm --vault {vault}`',
    ja: '{vault} の復旧キットをこのマシンとは別の場所に保管したことが、まだ確認されていません。保管したら `hikae kit confirm --vault {vault}` を実行してください',
  },
  'remains-refused': {
    en: 'what an interrupted run has left at {place} in {vault} may not be removed with these keys: {reason}; it is no snapshot, and whoever has the right to runs `hikae forget --vault {vault}`',
    ja: '中断された実行が {vault} の {place} に残したものは、この認証キーでは削除できません: {reason}。スナップショットではありません。権限のある側で `hikae forget --vault {vault}` を実行してください',
  },
  'removal-refused': {
    en: 'retention lets {place} in {vault} go, and these keys may not remove it: {reason}; whoever has the right to runs `hikae forget --vault {vault}`',
    ja: '保持期間を過ぎた {vault} の {place} は、この認証キーでは削除できません: {reason}。権限のある側で `hikae forget --vault {vault}` を実行してください',
  },
  'copy-from-another': {
    en: '{reason}; it is copied from the vault {vault}, which has it as well',
    ja: '{reason}。同じものがある保管先 {vault} から複製します',
  },
  'copy-again': {
    en: 'copying to the vault {vault} was interrupted and is tried again: {reason}',
    ja: '保管先 {vault} への複製が中断したため、もう一度試みます: {reason}',
  },
  'evidence-not-kept': {
    en: 'the proof was not stored in {vault}, where these keys may not write: {reason}',
    ja: '{vault} には書き込む権限がないため、証拠を保存していません: {reason}',
  },
  'next-vault': {
    en: 'the vault {vault} does not serve: {reason}; the next one is tried',
    ja: '保管先 {vault} は使えません: {reason}。次の保管先を試します',
  },
  'pack-damaged': {
    en: 'the object {object} of the vault {vault} is damaged and was left as it is; run `hikae repair`',
    ja: '保管先 {vault} のオブジェクト {object} は壊れているため、そのままにしました。`hikae repair` を実行してください',
  },
  'data-lost': {
    en: 'snapshots of the vault {vault} need {count} blobs that it does not have; `hikae verify` names the files, `hikae repair --from` brings them back from another vault',
    ja: '保管先 {vault} のスナップショットに必要な blob が {count} 個ありません。該当するファイルは `hikae verify` で分かり、`hikae repair --from` で別の保管先から取り戻せます',
  },
} as const satisfies Record<string, Bilingual>;

/** The text for a code; one that is not in the table is shown by its name, with its facts. */
export function warningText(code: string): Bilingual | undefined {
  return (warnings as Readonly<Record<string, Bilingual>>)[code];
}
