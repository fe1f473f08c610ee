/** The part of the policy file that says what is protected: targets, with what happens around their capture. */
import * as z from 'zod';
import { about, argv, duration, durationWithin, named } from './fields.ts';
import { component } from './schema-component.ts';

const minute = 60_000;
const day = 86_400_000;

const hooks = z.array(argv);

export const target = z.strictObject({
  components: named(component, 'no-component').meta(
    about(
      'The sources of the target by name. A name is lower case letters, digits, `.`, `_` and `-`.',
      'ターゲットを構成するもの。名前に使えるのは英小文字、数字、`.`、`_`、`-` です。',
    ),
  ),
  before: hooks
    .default([])
    .meta(
      about(
        'Commands to run before the capture, one after the other; when one fails the target is not captured.',
        '取得の前に順に実行するコマンド。1 つでも失敗すると、そのターゲットは取得しません。',
        [[['systemctl', 'stop', 'myapp']]],
      ),
    ),
  after: hooks
    .default([])
    .meta(
      about(
        'Commands to run after the capture. They always run, whatever happened before.',
        '取得の後に実行するコマンド。途中で何が起きても必ず実行します。',
        [[['systemctl', 'start', 'myapp']]],
      ),
    ),
  timeout: durationWithin(1_000, day, 'timeout-bounds')
    .default(10 * minute)
    .meta(about('How long one hook may take (duration).', 'フック 1 つの制限時間（期間）。', ['30m'], '10m')),
  retry: z
    .strictObject({
      times: z
        .int()
        .min(0)
        .max(10)
        .default(2)
        .meta(
          about(
            'How often a failed component is tried again before the snapshot is published.',
            'コンポーネントが失敗したとき、スナップショットの公開前にやり直す回数。',
            [3],
          ),
        ),
      wait: durationWithin(0, day / 24, 'wait-bounds')
        .default(10_000)
        .meta(
          about(
            'The wait before the first new try, doubled before each further one (duration).',
            '最初の再試行までの待ち時間（期間）。以後は倍になります。',
            ['30s'],
            '10s',
          ),
        ),
    })
    .default({ times: 2, wait: 10_000 })
    .meta(about('New tries for failed components.', '失敗したコンポーネントの再試行。')),
  restore: z
    .strictObject({
      before: hooks
        .default([])
        .meta(
          about('Commands to run before a restore in place.', '元の場所への復元の前に実行するコマンド。', [
            [['systemctl', 'stop', 'dovecot']],
          ]),
        ),
      after: hooks
        .default([])
        .meta(
          about(
            'Commands to run after a restore in place. They always run.',
            '元の場所への復元の後に必ず実行するコマンド。',
            [[['systemctl', 'start', 'dovecot']]],
          ),
        ),
    })
    .default({ before: [], after: [] })
    .meta(about('Hooks around a restore in place.', '元の場所への復元の前後のフック。')),
  rpo: duration
    .optional()
    .meta(
      about(
        'How much work may be lost at most (duration); `policy explain` tells when the schedules cannot keep it.',
        '失ってよい最大の期間。スケジュールで守れないときは `policy explain` が知らせます。',
        ['24h'],
      ),
    ),
});
