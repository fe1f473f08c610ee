/** Notification, scans, costs and drills. They are read strictly; see later.ts for what does not act yet. */
import * as z from 'zod';
import { about, absolutePath, secret } from './fields.ts';

const when = z.enum(['always', 'success', 'failure', 'failure-after-retries']);
const address = z.string().regex(/^[^\s@]+@[^\s@]+$/, 'address');

export const notify = z.strictObject({
  mail: z
    .strictObject({
      to: z
        .union([address, z.array(address).min(1)])
        .transform((value) => (typeof value === 'string' ? [value] : value))
        .meta(about('Who gets it.', '宛先。', ['it-team@company.local'])),
      from: address.optional().meta(about('The sender.', '差出人。', ['hikae@company.local'])),
      smtp: z
        .strictObject({
          host: z
            .string()
            .min(1)
            .meta(about('The mail server.', 'メールサーバー。', ['localhost'])),
          port: z
            .int()
            .min(1)
            .max(65_535)
            .optional()
            .meta(about('Its port.', 'ポート番号。', [587], '25')),
          user: z
            .string()
            .min(1)
            .optional()
            .meta(about('The user.', 'ユーザー名。', ['hikae'])),
          password: secret.optional().meta(about('Its password, by reference.', 'パスワードの参照。')),
        })
        .meta(about('How it is sent.', '送信方法。')),
      on: when.default('always').meta(about('After which runs.', 'どの結果で送るか。', ['failure'])),
    })
    .optional()
    .meta(about('Mail after a run.', '実行後のメール。')),
  slack: z
    .strictObject({
      webhook: secret.meta(about('The address of the webhook, by reference.', 'Webhook の URL の参照。')),
      on: when
        .default('failure-after-retries')
        .meta(about('After which runs.', 'どの結果で送るか。', ['failure'])),
    })
    .optional()
    .meta(about('A message to Slack.', 'Slack への通知。')),
});

const rhythm = z.enum(['daily', 'weekly']);

export const scan = z.strictObject({
  clamav: z
    .strictObject({
      socket: absolutePath.meta(
        about('The socket of clamd.', 'clamd のソケット。', ['/run/clamav/clamd.ctl']),
      ),
    })
    .optional()
    .meta(about('Scan for malware with ClamAV.', 'ClamAV によるマルウェアスキャン。')),
  rkhunter: rhythm
    .optional()
    .meta(about('How often rkhunter looks at the host.', 'rkhunter でホストを検査する頻度。', ['weekly'])),
  quarantine: absolutePath
    .optional()
    .meta(about('Where infected files are moved.', '感染ファイルの隔離先。', ['/var/quarantine'])),
});

export const cost = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'currency')
    .default('JPY')
    .meta(about('The currency of the amounts (ISO 4217).', '金額の通貨（ISO 4217）。', ['JPY'])),
  rate: z
    .number()
    .positive()
    .meta(about('What one US dollar costs in it.', '1 米ドルあたりの金額。', [155])),
  warning: z
    .number()
    .positive()
    .meta(about('Warn from this amount a month.', '1 か月の金額がこれを超えたら警告します。', [10])),
  critical: z
    .number()
    .positive()
    .meta(about('Alarm from this amount a month.', '1 か月の金額がこれを超えたら緊急通知します。', [100])),
});

const drillFrom = z
  .string()
  .meta(
    about(
      'The vault to restore from, or `random` for any of them.',
      '復元元の保管先。`random` なら無作為に選びます。',
      ['random', 's3'],
    ),
  );

export const drill = z.strictObject({ monthly: drillFrom.optional(), quarterly: drillFrom.optional() });
