/** All attacks that are tried, and those that only AWS stops. */
import type { Bilingual } from '../../src/base/language.ts';
import type { Attack } from './attack.ts';
import { onTheHost } from './attacks/host.ts';
import { overwriting } from './attacks/overwriting.ts';
import { poisoning } from './attacks/poisoning.ts';
import { removing } from './attacks/removing.ts';
import { settings } from './attacks/settings.ts';

export const attacks: readonly Attack[] = [
  ...removing,
  ...overwriting,
  ...settings,
  ...poisoning,
  ...onTheHost,
];

export interface AwsOnly {
  readonly title: Bilingual;
  /** what stands against it there, the statement of the bucket policy first where there is one */
  readonly stop: Bilingual;
  /** how its Sid begins */
  readonly statement?: string;
}

export const awsOnly: readonly AwsOnly[] = [
  {
    title: {
      en: 'locks of a hundred years, so that storage can not be given up',
      ja: '100 年のロックで、ストレージを解約できなくする',
    },
    stop: {
      en: '`DenyLongLocks`: no lock longer than `for` + `generation` + 1 days',
      ja: '`DenyLongLocks`: `for` + `generation` + 1 日より長いロックを拒否',
    },
    statement: 'DenyLongLocks',
  },
  {
    title: { en: 'objects with a lock of a moment', ja: 'すぐ切れるロックを付けたオブジェクト' },
    stop: {
      en: '`DenyShortLocks`: none shorter than `for` - 1 days for what lasts',
      ja: '`DenyShortLocks`: 残るものには `for` - 1 日より短いロックを拒否',
    },
    statement: 'DenyShortLocks',
  },
  {
    title: {
      en: 'copies of objects onto themselves, encrypted with a key of one’s own (SSE-C)',
      ja: 'オブジェクトを自分の鍵で暗号化して自身の上にコピー（SSE-C）',
    },
    stop: {
      en: '`DenyCustomerKeys`; Ceph applies it to uploads and not to copies. Had they got through, `--as-of` reads past them (tried)',
      ja: '`DenyCustomerKeys`。Ceph はアップロードには適用し、コピーには適用しません。通っても `--as-of` で読めます（試験済み）',
    },
    statement: 'DenyCustomerKeys',
  },
  {
    title: {
      en: 'encryption with a KMS key that is deleted afterwards',
      ja: '後で削除する KMS 鍵での暗号化',
    },
    stop: { en: '`DenyOtherEncryption`', ja: '`DenyOtherEncryption`' },
    statement: 'DenyOtherEncryption',
  },
  {
    title: { en: 'requests without TLS', ja: 'TLS を使わないリクエスト' },
    stop: { en: '`DenyInsecureTransport`', ja: '`DenyInsecureTransport`' },
    statement: 'DenyInsecureTransport',
  },
  {
    title: {
      en: 'settings of the bucket changed with the role of the uploader or the pruner, whatever else was granted to it',
      ja: 'uploader や pruner のロールによるバケット設定の変更（ほかにどんな権限を付けても）',
    },
    stop: { en: '`DenyConfiguration`', ja: '`DenyConfiguration`' },
    statement: 'DenyConfiguration',
  },
  {
    title: {
      en: 'objects moved to an archive (a lifecycle rule, a copy with another storage class), from which they come back in hours',
      ja: '取り出しに数時間かかるアーカイブへの移動（ライフサイクルルール、別のストレージクラスでのコピー）',
    },
    stop: {
      en: 'a copy only lies on top; a rule moves the locked versions too, and only who owns the bucket can set one. Restore them from the archive first',
      ja: 'コピーは上に置かれるだけです。ルールはロック中のバージョンも移しますが、設定できるのはバケットの所有者だけです。その場合は先にアーカイブから取り出します',
    },
  },
  {
    title: { en: 'the account of AWS closed', ja: 'AWS アカウントの閉鎖' },
    stop: {
      en: 'nothing: it is the one way out of compliance. Keep its root user’s second factor apart, and a copy elsewhere',
      ja: '防げません（compliance の唯一の抜け道）。root ユーザーの第 2 要素を別に保管し、別の場所にもコピーを持ってください',
    },
  },
];
