/** Dated trees behind a real sshd as vaults of a policy, with the command as it stands. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { VaultTest } from '../../src/operations/vault-test.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { type Sshd, startSshd } from '../servers/sshd.ts';
import { Running, run, runPlain, Scratch, type ToldRestore, withPolicy } from './command.ts';

describe('dated trees over SFTP', { timeout: 180_000 }, () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd.stop());

  const place = (name: string) => `sftp://${sshd.user}@127.0.0.1:${sshd.port}${sshd.folder}/${name}`;

  function policyOf(scratch: Scratch, name: string): string {
    scratch.write('site/page', 'text');
    scratch.write('site/folder/large', Buffer.alloc(3_000_000, 'large'));
    const key = { file: scratch.write('key', sshd.key, 0o600) };
    return scratch.policy({
      targets: { blog: { components: { site: { files: scratch.at('site') } } } },
      vaults: {
        here: { plain: scratch.at('here') },
        away: { plain: place(name), knownHosts: sshd.knownHosts, ssh: { key }, keep: { daily: 1 } },
      },
      schedules: { daily: { at: '02:00', to: 'here', copyTo: ['away'] } },
    });
  }

  it('are made, filled by copies, listed, restored from with and without a policy, and verified', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 'deep/dated');
    const early = await run(policy, ['backup']);
    assert.equal(early.status, 1, 'made by nobody yet');
    for (const created of [true, false]) {
      const made = await run<{ created: boolean }>(policy, ['vault', 'create', 'away']);
      assert.deepEqual([made.status, made.result.created], [0, created], made.stdout);
    }
    for (const content of ['another text', 'a third one']) {
      scratch.write('site/page', content);
      const stored = await run(policy, ['backup']);
      assert.deepEqual([stored.status, stored.result.outcome], [0, 'succeeded'], stored.stdout);
    }
    const listed = await run<{ snapshots: unknown[] }>(policy, ['snapshots', '--vault', 'away']);
    assert.equal(listed.status, 0, listed.stdout);
    assert.match(listed.stdout, /"place": ?"daily\/blog\//);
    const latest = `${sshd.folder}/deep/dated/daily/blog/latest`;
    assert.equal(readFileSync(`${latest}/site/page`, 'utf8'), 'a third one');
    const restore = ['restore', 'blog', '--vault', 'away', '--to', scratch.at('restored')];
    const restored = await run<ToldRestore>(policy, restore);
    assert.deepEqual([restored.status, restored.result.outcome], [0, 'succeeded'], restored.stdout);
    assert.deepEqual(describeTree(scratch.at('restored/site')), describeTree(scratch.at('site')));
    const verified = await run<{ outcome: string }>(policy, ['verify', '--level', 'full']);
    assert.deepEqual([verified.status, verified.result.outcome], [0, 'succeeded'], verified.stdout);
    scratch.write('.ssh/id_ed25519', sshd.key, 0o600);
    scratch.write('.ssh/known_hosts', readFileSync(sshd.knownHosts));
    const alone = ['restore', 'blog', '--vault', place('deep/dated'), '--to', scratch.at('alone')];
    const { status, stderr } = await runPlain(alone, { environment: { HOME: scratch.path } });
    assert.equal(status, 0, stderr);
    assert.deepEqual(describeTree(scratch.at('alone/site')), describeTree(scratch.at('site')));
    const there = () => readdirSync(`${sshd.folder}/deep/dated`).sort();
    const before = there();
    const tried = await run<VaultTest>(policy, ['vault', 'test', 'away']);
    assert.deepEqual([tried.status, tried.result.wrong], [0, 0], tried.stdout);
    assert.deepEqual(
      tried.result.checks.filter(({ end }) => end !== 'kept').map(({ name }) => name),
      ['locks', 'hashes', 'snapshot-proven'],
    );
    assert.deepEqual(there(), before);
    // Ctrl-C, while the medium is asked and while the small vault is used.
    for (const check of ['round-trip', 'vault-made']) {
      using running = new Running(withPolicy(policy, ['vault', 'test', 'away']));
      await running.told(`"name":"${check}"`);
      running.kill('SIGINT');
      const { status, stdout } = await running.end;
      assert.equal(status, 130, stdout);
      assert.deepEqual(there(), before, check);
    }
    rmSync(`${sshd.folder}/deep/dated`, { recursive: true });
    const gone = await run<{ vaults: { name: string; state: string }[] }>(policy, ['vault', 'list']);
    assert.deepEqual(
      gone.result.vaults.map(({ name, state }) => [name, state]),
      [
        ['here', 'reachable'],
        ['away', 'gone'],
      ],
    );
    assert.ok(!existsSync(`${sshd.folder}/deep/dated`));
  });
});
