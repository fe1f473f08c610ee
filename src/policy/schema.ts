/** The whole policy file, in one strict schema: an unknown key is a mistake everywhere. */
import * as z from 'zod';
import { about, absolutePath, at, language, named, timeZone } from './fields.ts';
import { cost, drill, notify, scan } from './schema-later.ts';
import { target } from './schema-target.ts';
import { count, vault } from './schema-vault.ts';

const schedule = z.strictObject({
  at: at.meta(
    about(
      'When: `HH:MM` for daily, a weekday before it (`Sun 04:00`) for weekly, in `timezone`.',
      '時刻。daily は `HH:MM`、weekly は曜日を付けて `Sun 04:00` のように書きます。時間帯は `timezone` です。',
      ['02:00', 'Sun 04:00'],
    ),
  ),
  to: z.string().meta(about('The vault that is written first.', '最初に書き込む保管先。', ['hdd'])),
  copyTo: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .default([])
    .meta(
      about(
        'Vaults that get a copy of each snapshot, in this order.',
        '各スナップショットの複製先。この順に複製します。',
        [['nas', 's3']],
      ),
    ),
  targets: z
    .array(z.string())
    .min(1)
    .optional()
    .meta(about('The targets to take.', '対象のターゲット。', [['mail']], 'all / すべて')),
  keep: count(
    'days (daily) or ISO weeks (weekly) that are kept in vaults that say nothing themselves',
    '自ら `keep` を指定しない保管先に残す日数（daily）または ISO 週数（weekly）',
    '3, 4',
  ),
});

export const policySchema = z
  .strictObject({
    version: z.literal(1).meta(about('The version of this format.', 'この形式のバージョン。', [1])),
    host: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, 'host')
      .optional()
      .meta(
        about(
          'The name of this host in its snapshots.',
          'スナップショットに記録するこのホストの名前。',
          ['dell'],
          "the machine's host name / マシンのホスト名",
        ),
      ),
    lang: language
      .optional()
      .meta(about('The language of texts.', '表示する言語。', ['ja'], 'the locale / ロケールに従う')),
    timezone: timeZone
      .optional()
      .meta(
        about(
          'The time zone of days and schedules (IANA name).',
          '日付とスケジュールの時間帯（IANA 名）。',
          ['Asia/Tokyo'],
          "the machine's / マシンの設定",
        ),
      ),
    state: absolutePath
      .default('/var/lib/hikae')
      .meta(about('The folder of the record of runs and of caches.', '実行記録とキャッシュのフォルダー。')),
    targets: named(target, 'no-target').meta(about('What is protected, by name.', '守る対象（名前ごと）。')),
    vaults: named(vault, 'no-vault').meta(
      about('Where snapshots are kept, by name.', 'スナップショットの保管先（名前ごと）。'),
    ),
    schedules: z
      .partialRecord(z.enum(['daily', 'weekly']), schedule)
      .refine((schedules) => Object.keys(schedules).length > 0, 'no-schedule')
      .meta(
        about(
          'When what goes where: `daily`, `weekly` or both. The first is the one that `backup` runs.',
          'いつ、何を、どこへ。`daily` と `weekly` の一方または両方。先に書いたものを `backup` が実行します。',
        ),
      ),
    notify: notify.optional().meta(about('Who is told.', '通知先。')),
    scan: scan.optional().meta(about('Scans for malware.', 'マルウェアの検査。')),
    cost: cost.optional().meta(about('The watch over costs.', '費用の監視。')),
    drill: drill.optional().meta(about('Restore drills.', '復元訓練。')),
  })
  .meta({ title: 'hikae policy' });

export type ParsedPolicy = z.output<typeof policySchema>;
