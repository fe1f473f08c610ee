/**
 * What guard promises of a bucket, lived through with the command itself: it is set up, a repository with locks is at
 * home in it, and an attack on a locked object fails. Run on Ceph by script/test, on a user's own bucket by
 * script/test-on-aws.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RunOptions, run, Scratch } from '../end-to-end/command.ts';

export interface Place {
  /** `s3://bucket/prefix` */
  readonly restic: string;
  readonly region: string;
  readonly endpoint?: string;
  readonly environment: NonNullable<RunOptions['environment']>;
}

interface ToldGuard {
  readonly vaults: readonly {
    readonly checks: readonly {
      readonly findings: readonly { readonly code: string; readonly what: string }[];
    }[];
  }[];
}

interface ToldTamper {
  readonly ends: readonly {
    readonly test: {
      readonly locked: boolean;
      readonly reason?: string;
      readonly ends?: readonly { readonly attempt: string; readonly end: string; readonly answer: string }[];
    };
  }[];
}

/** Who runs the suite is an administrator, whose keys are old or powerful at will. */
const ofTheAccount: ReadonlySet<string> = new Set(['key-old', 'rights-too-many']);

export function bucketSuite(kind: string, place: () => Place): void {
  describe(`a bucket ${kind}`, { timeout: 600_000 }, () => {
    const inPolicy = async (work: (policy: string, options: RunOptions) => Promise<void>) => {
      using scratch = new Scratch();
      const { environment, ...vault } = place();
      scratch.write('site/page', 'text');
      const password = { file: scratch.write('password', 'of the repository\n', 0o600) };
      const lock = { mode: 'compliance', for: '1d', generation: '1d' };
      const policy = scratch.policy({
        targets: { blog: { components: { site: { files: scratch.at('site') } } } },
        vaults: { away: { ...vault, password, lock } },
        schedules: { daily: { at: '02:00', to: 'away' } },
      });
      await work(policy, { environment });
    };

    async function nothingIsWrong(policy: string, options: RunOptions): Promise<void> {
      const { result } = await run<ToldGuard>(policy, ['guard'], options);
      const found = result.vaults.flatMap(({ checks }) => checks.flatMap(({ findings }) => findings));
      assert.deepEqual(
        found.filter(({ code }) => !ofTheAccount.has(code)),
        [],
      );
    }

    it('is set up, and a repository with locks is at home in it', () =>
      inPolicy(async (policy, options) => {
        const applied = await run(policy, ['guard', '--apply', '--yes'], options);
        assert.ok([0, 3, 21].includes(applied.status ?? 1), applied.stdout);
        await nothingIsWrong(policy, options);
        for (const args of [['vault', 'create', 'away'], ['backup'], ['verify', '--vault', 'away']]) {
          const { status, stdout } = await run(policy, args, options);
          assert.equal(status, 0, stdout);
        }
        await nothingIsWrong(policy, options);
      }));

    it('refuses whoever attacks a locked object', () =>
      inPolicy(async (policy, options) => {
        const { status, result } = await run<ToldTamper>(
          policy,
          ['guard', '--tamper-test', '--yes'],
          options,
        );
        const { locked, reason, ends = [] } = result.ends[0]?.test ?? { locked: false, reason: 'no test' };
        assert.ok(locked, String(reason));
        const told = Object.fromEntries(ends.map(({ attempt, end }) => [attempt, end]));
        assert.deepEqual(told, {
          'delete-version': 'refused',
          'delete-bypassing': 'refused',
          shorten: 'refused',
          loosen: 'refused',
          unlock: 'refused',
          overwrite: 'survived',
          'overwrite-sse-c': 'refused',
          delete: 'survived',
        });
        assert.equal(status, 0);
      }));
  });
}
