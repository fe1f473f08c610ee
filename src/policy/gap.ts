/** What a policy may leave uncovered, in words. */
import type { Bilingual } from '../base/language.ts';
import { say, type Words } from './wording.ts';

export interface Gap {
  readonly code: GapCode;
  /** the part of the file that it concerns */
  readonly path: string;
  readonly text: Bilingual;
}

export type GapCode = keyof typeof gapTexts;

export const gapTexts = {
  'target-unscheduled': {
    en: 'target {target} is in no schedule: it is never backed up by itself',
    ja: 'ターゲット {target} はどのスケジュールにも入っていないため、自動ではバックアップされません',
  },
  'vault-unused': {
    en: 'no schedule writes to vault {vault}',
    ja: '保管先 {vault} に書き込むスケジュールがありません',
  },
  'no-off-site': {
    en: 'target {target} has no off-site copy: all its vaults are on this machine ({vaults})',
    ja: 'ターゲット {target} には遠隔地の複製がありません。保管先はすべてこのマシンにあります（{vaults}）',
  },
  'no-weekly': {
    en: 'target {target} has no weekly snapshots: it cannot go back further than the daily ones',
    ja: 'ターゲット {target} には週次スナップショットがなく、日次の世代より前には戻せません',
  },
  rpo: {
    en: 'target {target} may lose at most {rpo} of work, and its schedules come every {interval}',
    ja: 'ターゲット {target} が失ってよいのは最大 {rpo} 分ですが、スケジュールの間隔は {interval} です',
  },
  'not-encrypted': {
    en: 'the plain vault {vault} lies at {path} on a disk that is not encrypted: who has the disk can read it',
    ja: '保管先 {vault}（{path}）のディスクは暗号化されていないため、ディスクを手にした人は中身を読めます',
  },
  'not-mounted': {
    en: 'vault {vault}: {mounted} is not mounted now, so nothing can be told of its disk',
    ja: '保管先 {vault}: {mounted} が現在マウントされていないため、ディスクの状態を確認できません',
  },
  'same-file-system': {
    en: 'vault {vault} lies on the same file system ({mount}) as {sources}: both are lost with that disk',
    ja: '保管先 {vault} は {sources} と同じファイルシステム（{mount}）にあり、ディスクが壊れると両方失われます',
  },
  'mount-left-out': {
    en: '{mount} is a file system of its own below {files} and is not taken: name it as a component, or say `oneFileSystem: false`',
    ja: '{files} の下の {mount} は別のファイルシステムのため取得されません。コンポーネントとして加えるか、`oneFileSystem: false` を指定してください',
  },
  unprotected: {
    en: '{what} is in no target',
    ja: '{what} はどのターゲットにも入っていません',
  },
  'no-such-container': {
    en: 'there is no container {container} now',
    ja: 'コンテナー {container} が現在ありません',
  },
  'no-such-volume': {
    en: 'there is no Docker volume {volume} now',
    ja: 'Docker ボリューム {volume} が現在ありません',
  },
  'docker-silent': {
    en: 'Docker did not answer, so nothing can be told of containers and volumes',
    ja: 'Docker が応答しないため、コンテナーとボリュームの状態を確認できません',
  },
  'secret-missing': {
    en: 'the secret {file} is not there yet; only its owner may be able to read it (chmod 600)',
    ja: '秘密の値のファイル {file} がまだありません。所有者だけが読めるようにしてください（chmod 600）',
  },
  'live-database': {
    en: '{files} holds the files of a database server ({database}): copied while it runs they may not start again; use a database component',
    ja: '{files} にデータベースサーバーのファイル（{database}）があります。稼働中のコピーからは復旧できないことがあるため、データベース用のコンポーネントを使ってください',
  },
} as const satisfies Record<string, Bilingual>;

export function gap(code: GapCode, path: string, words: Words): Gap {
  return { code, path, text: say(gapTexts[code], words) };
}
