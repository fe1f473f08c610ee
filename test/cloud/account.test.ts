/** Who we are at AWS: the real clients of IAM and STS, against a double of what they speak to. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../src/base/secret.ts';
import { type Account, openAccount } from '../../src/cloud/account.ts';
import type { Wanted } from '../../src/cloud/wanted.ts';
import { type Iam, type IamState, startIam } from '../doubles/iam.ts';
import { freePort } from '../servers/free-port.ts';

const wanted: Wanted = {
  vault: 's3',
  kind: 'restic',
  bucket: 'system-backup-workstation',
  prefix: 'rental',
  region: 'ap-northeast-1',
  aws: true,
  lock: undefined,
  kept: 34,
};

const host = 'arn:aws:iam::123456789012:user/machines/rental-backup-host';
const created = '2026-05-01T02:03:04Z';
const usual: IamState = {
  arn: host,
  keys: [{ id: 'AKIAEXAMPLE', created, status: 'Active' }],
  allowed: ['s3:DeleteObjectVersion', 's3:PutLifecycleConfiguration'],
};

async function asking<Result>(
  state: Partial<IamState>,
  work: (account: Account, iam: Iam) => Promise<Result>,
): Promise<Result> {
  const iam = await startIam({ ...usual, ...state });
  const keys = { id: 'AKIAEXAMPLE', secret: new Secret('of-the-host') };
  const account = await openAccount({ region: 'ap-northeast-1', keys, endpoint: iam.endpoint });
  try {
    return await work(account, iam);
  } finally {
    account.close();
    await iam.stop();
  }
}

const options = { signal: new AbortController().signal };

describe('the account', { timeout: 60_000 }, () => {
  it('tells the keys of the user and what they may do', () =>
    asking({}, async (account, { asked }) => {
      assert.deepEqual(await account.keys(wanted, options), {
        known: true,
        value: [{ id: 'AKIAEXAMPLE', created: Date.parse(created), active: true }],
      });
      assert.deepEqual(await account.rights(wanted, options), {
        known: true,
        value: ['s3:DeleteObjectVersion', 's3:PutLifecycleConfiguration'],
      });
      const simulated = asked.filter(({ Action }) => Action === 'SimulatePrincipalPolicy');
      assert.deepEqual(
        simulated.map((one) => [one.PolicySourceArn, one['ResourceArns.member.1']]),
        [
          [host, 'arn:aws:s3:::system-backup-workstation'],
          [host, 'arn:aws:s3:::system-backup-workstation/rental/config'],
        ],
      );
      assert.equal(asked.find(({ Action }) => Action === 'ListAccessKeys')?.UserName, 'rental-backup-host');
    }));

  it('takes the session of the uploader for its role, and its key for that of the host', () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/rental-backup-uploader/hikae';
    return asking({ arn, allowed: [] }, async (account, { asked }) => {
      assert.deepEqual(await account.rights(wanted, options), { known: true, value: [] });
      assert.equal((await account.keys(wanted, options)).known, true);
      const of = (action: string) => asked.find(({ Action }) => Action === action);
      const role = 'arn:aws:iam::123456789012:role/rental-backup-uploader';
      assert.equal(of('SimulatePrincipalPolicy')?.PolicySourceArn, role);
      assert.equal(of('ListAccessKeys')?.UserName, 'rental-backup-host');
    });
  });

  it('does not know the key that another role was assumed with', () =>
    asking({ arn: 'arn:aws:sts::123456789012:assumed-role/some/session' }, async (account) => {
      const keys = await account.keys(wanted, options);
      assert.match(keys.known ? '' : keys.reason, /a role is in use/);
    }));

  it('knows that root may do everything', () =>
    asking({ arn: 'arn:aws:iam::123456789012:root' }, async (account, { asked }) => {
      const rights = await account.rights(wanted, options);
      assert.ok(rights.known && rights.value.includes('s3:PutBucketPolicy'));
      assert.ok(!asked.some(({ Action }) => Action === 'SimulatePrincipalPolicy'));
    }));

  it('is unknown where it may not be asked, or can not be reached', async () => {
    await asking({ refused: ['SimulatePrincipalPolicy', 'ListAccessKeys'] }, async (account) => {
      for (const fact of [await account.keys(wanted, options), await account.rights(wanted, options)])
        assert.match(fact.known ? '' : fact.reason, /AccessDenied/);
    });
    const account = await openAccount({
      region: 'ap-northeast-1',
      keys: { id: 'AKIAEXAMPLE', secret: new Secret('of-the-host') },
      endpoint: `http://127.0.0.1:${await freePort()}`,
    });
    const keys = await account.keys(wanted, options);
    assert.match(keys.known ? '' : keys.reason, /ECONNREFUSED/);
    const signal = AbortSignal.abort(new Error('stop'));
    await assert.rejects(account.rights(wanted, { signal }), { message: 'stop' });
    account.close();
  });
});
