/** `--lock-wait`: how long a command waits for another run that writes to the same vault. */
import { parseDuration } from '../base/quantities.ts';

export const lockWait = {
  text: {
    en: 'how long to wait for another run that holds the vault (30m when not given)',
    ja: '他の実行が保管先を使用中のときに待つ時間（省略時は 30m）',
  },
  grammar: { parse: parseDuration, expected: '30s, 10m, 2h' },
} as const;
