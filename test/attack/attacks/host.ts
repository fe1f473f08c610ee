/** What root does on the host itself, with hikae's own commands. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { runAt, Scratch } from '../../end-to-end/command.ts';
import { PASSWORD } from '../../vault/restic-taking.ts';
import { environmentOf, type Holder } from '../arena.ts';
import type { Attack } from '../attack.ts';
import { DAY, type Field, TARGET } from '../ground.ts';

export const onTheHost: readonly Attack[] = [
  {
    name: 'wipe-host',
    title: {
      en: 'remove the local vault, the ledger, the cache and the policy',
      ja: 'ローカルの保管先、台帳、キャッシュ、ポリシーを削除',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      using host = new Host(field);
      const { status } = await host.run(['snapshots', '--vault', 'away'], field.ground.arena.uploader);
      assert.equal(status, 0);
      assert.ok(existsSync(host.scratch.at('state')));
      for (const name of ['state', 'policy.yaml', 'password'])
        rmSync(host.scratch.at(name), { recursive: true });
    },
  },
  {
    name: 'clock-ahead',
    title: {
      en: 'set the clock 400 days ahead, then forget and prune; the same without `lock` in the policy',
      ja: '時計を 400 日進めて forget と prune を実行し、ポリシーから `lock` を外して再実行',
    },
    keys: 'uploader',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      using host = new Host(field);
      const keys = field.ground.arena.uploader;
      const later = { days: 400 };
      const before = await field.lasting();
      for (const args of [['forget', '--yes'], ['prune']]) {
        const { status, stdout } = await host.run(args, keys, later);
        assert.equal(status, 1);
        assert.match(stdout, /VAULT_CLOCK_OFF/);
      }
      for (const args of [['forget', '--yes'], ['prune']])
        await host.run(args, keys, { ...later, locked: false });
      assert.deepEqual(await field.lasting(), before);
    },
  },
  {
    name: 'clock-ahead-owner',
    title: {
      en: 'set the clock 400, 500 and 600 days ahead and `lock` out of the policy, and forget and prune each time',
      ja: '時計を 400、500、600 日進め、ポリシーから `lock` を外し、そのつど forget と prune を実行',
    },
    keys: 'owner',
    answer: 'taken',
    reading: 'as of',
    // The newest is kept by every policy.
    flaws: [],
    async attempt(field) {
      using host = new Host(field);
      const keys = field.ground.arena.owner;
      for (const days of [400, 500, 600]) {
        const { status, stdout } = await host.run(['forget', '--yes'], keys, { days, locked: false });
        assert.equal(status, 0, stdout);
        await host.run(['prune'], keys, { days: days + 50, locked: false });
      }
      const hidden = (await field.versions()).filter(({ deleted }) => deleted);
      assert.ok(hidden.some(({ key }) => key.startsWith(`${field.prefix}/snapshots/`)));
    },
  },
];

/** The machine that is protected, with its policy. */
class Host {
  readonly scratch = new Scratch();
  readonly #place: object;

  constructor({ bucket, prefix, ground: { arena } }: Field) {
    const password = { file: this.scratch.write('password', `${PASSWORD}\n`, 0o600) };
    const restic = `s3://${bucket}/${prefix}`;
    const { region, endpoint } = arena;
    this.#place = { restic, region, ...(endpoint && { endpoint }), password };
    this.scratch.write('site/page', 'encrypted');
  }

  async run(args: readonly string[], keys: Holder, { days = 0, locked = true } = {}) {
    const lock = locked ? { lock: { mode: 'compliance', for: '7d', generation: '2d' } } : {};
    const policy = this.scratch.policy({
      targets: { [TARGET]: { components: { site: { files: this.scratch.at('site') } } } },
      vaults: { away: { ...this.#place, ...lock } },
      schedules: { daily: { at: '02:00', to: 'away', keep: 1 } },
    });
    const environment = environmentOf(keys);
    return runAt(new Date(Date.now() + days * DAY).toISOString(), policy, args, { environment });
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]();
  }
}
