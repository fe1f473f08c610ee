/** The part of the policy file that says where snapshots are kept, and for how long. */
import * as z from 'zod';
import { about, absolutePath, durationWithin, line, location, oneOf, rate, secret, share } from './fields.ts';
import { LONGEST_LOCK } from './lock-limits.ts';

const day = 86_400_000;

export const vault = oneOf(
  ['plain', 'restic'],
  z.strictObject({
    plain: location
      .optional()
      .meta(
        about(
          'Dated folders that `ls`, `cp` and `sha256sum` can read: an absolute path, `sftp://user@host/path` or `s3://bucket/prefix`.',
          '`ls`、`cp`、`sha256sum` で読める日付フォルダー。絶対パス、`sftp://user@host/path`、`s3://bucket/prefix` のいずれか。',
          ['/mnt/backup-hdd/rental', 'sftp://backupuser@backup01/backup'],
        ),
      ),
    restic: location
      .optional()
      .meta(
        about(
          'An encrypted repository in the format of restic, at the same kinds of places.',
          'restic 形式の暗号化リポジトリー。指定できる場所は `plain` と同じです。',
          ['s3://system-backup-workstation/rental'],
        ),
      ),
    mounted: absolutePath
      .optional()
      .meta(
        about(
          'The folder that must be a mount point before anything is written: the vault itself or a folder above it.',
          '書き込みの前にマウントポイントであるべきフォルダー。保管先自身か、その上のフォルダーです。',
          ['/mnt/backup-hdd'],
        ),
      ),
    knownHosts: absolutePath
      .optional()
      .meta(
        about(
          'The host keys to believe over SSH.',
          'SSH で信頼するホスト鍵のファイル。',
          ['/etc/hikae/known_hosts'],
          '~/.ssh/known_hosts',
        ),
      ),
    ssh: z
      .strictObject({
        key: secret.optional().meta(about('The private key, by reference.', '秘密鍵の参照。')),
        passphrase: secret
          .optional()
          .meta(about('The passphrase of the key, by reference.', '秘密鍵のパスフレーズの参照。')),
        agent: absolutePath
          .optional()
          .meta(
            about('The socket of an ssh-agent.', 'ssh-agent のソケット。', ['/run/user/0/ssh-agent.socket']),
          ),
        password: secret
          .optional()
          .meta(about('The password of the login, by reference.', 'ログインパスワードの参照。')),
      })
      .optional()
      .meta(
        about(
          'How to log in over SSH; key, agent and password are tried in this order.',
          'SSH のログイン方法。鍵、ssh-agent、パスワードの順に試します。',
          [{ key: { file: '/etc/hikae/backup_key' } }],
          'the agent of SSH_AUTH_SOCK, then the keys in ~/.ssh / SSH_AUTH_SOCK の ssh-agent、次に ~/.ssh の鍵',
        ),
      ),
    region: z
      .string()
      .min(1)
      .optional()
      .meta(
        about(
          'The region of the bucket.',
          'バケットのリージョン。',
          ['ap-northeast-1'],
          'AWS_REGION, or us-east-1 / AWS_REGION、なければ us-east-1',
        ),
      ),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'endpoint' })
      .optional()
      .meta(
        about('Another S3 server than that of AWS.', 'AWS 以外の S3 サーバー。', ['http://127.0.0.1:8000']),
      ),
    profile: z
      .string()
      .min(1)
      .optional()
      .meta(
        about('The AWS profile to use the keys of.', '認証に使う AWS プロファイル。', [
          'mailserver-backup-uploader',
        ]),
      ),
    password: secret
      .optional()
      .meta(about('The password of the repository, by reference.', 'リポジトリーのパスワードの参照。')),
    lock: z
      .strictObject({
        mode: z
          .enum(['compliance', 'governance'])
          .meta(
            about(
              'As in S3. Nobody can lift `compliance` before its date.',
              'S3 と同じ。`compliance` は期日まで誰にも解除できません。',
              ['compliance'],
            ),
          ),
        for: durationWithin(day, LONGEST_LOCK, 'lock-bounds').meta(
          about(
            'How long a snapshot is promised to stay, from its publication; 366 days at most, as it cannot be undone (duration).',
            '公開から保持を約束する期間。取り消せないため最長 366 日です。',
            ['90d'],
          ),
        ),
        generation: durationWithin(day, 90 * day, 'generation-bounds')
          .default(10 * day)
          .meta(
            about(
              'Lock dates of what snapshots share are extended at most once in this time (duration).',
              'スナップショット間で共有するもののロック期限の延長は、この期間に 1 回までにまとめます。',
              ['10d'],
              '10d',
            ),
          ),
      })
      .optional()
      .meta(about('Object Lock.', 'オブジェクトロック。')),
    keep: z
      .strictObject({
        daily: count(
          'days that have a complete daily snapshot; the newest so many are kept',
          '完全な日次スナップショットがある日を、新しい順に何日分残すか',
          '3',
        ),
        weekly: count(
          'ISO weeks that have a complete weekly snapshot; the newest so many are kept',
          '完全な週次スナップショットがある ISO 週を、新しい順に何週分残すか',
          '4',
        ),
      })
      .default({})
      .meta(
        about(
          "What is kept in this vault. It wins over a schedule's `keep`.",
          'この保管先に残す世代。スケジュールの `keep` より優先します。',
          [{ daily: 3, weekly: 4 }],
        ),
      ),
    limits: z
      .strictObject({
        upload: rate
          .optional()
          .meta(about('At most so much sent (rate).', '送信速度の上限（速度）。', ['2MB/s'])),
        download: rate
          .optional()
          .meta(about('At most so much fetched (rate).', '受信速度の上限（速度）。', ['10MB/s'])),
        line: line
          .optional()
          .meta(
            about(
              'What the line sends at most, as it was sold. Of that no more than `share` is used.',
              '回線の送信速度（契約上の値）。使うのはそのうち `share` までです。',
              ['10Mbit'],
            ),
          ),
        share: share
          .default(0.5)
          .meta(
            about(
              'The share of `line` that is used for sending.',
              '送信に使う `line` の割合。',
              ['50%'],
              '50%',
            ),
          ),
        cpu: share
          .optional()
          .meta(
            about(
              'At most so much of all processors of the machine while something is sent.',
              '送信中に使う CPU の上限（マシン全体に対する割合）。',
              ['10%'],
            ),
          ),
      })
      .optional()
      .meta(about('Bounds of what the line and the machine are used for.', '回線と CPU の使用量の上限。')),
  }),
);

export function count(en: string, ja: string, byDefault: string) {
  return z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .meta(about(`${en.charAt(0).toUpperCase()}${en.slice(1)}.`, `${ja}。`, [7], byDefault));
}
