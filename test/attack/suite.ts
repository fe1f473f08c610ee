/** Attacks in turn, wherever they are tried: after each, all that was promised comes back byte for byte on a clean host. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Arena, environmentOf } from './arena.ts';
import type { Attack } from './attack.ts';
import { CleanHost } from './clean-host.ts';
import { type Field, Ground, type Promised } from './ground.ts';

export interface AttackSuite {
  readonly where: string;
  readonly open: () => Promise<Arena>;
  readonly attacks: readonly Attack[];
  /** each has a bucket of its own, so that all can be laid out at first */
  readonly apart: boolean;
  /** which of the snapshots are restored after an attack */
  readonly restored: (promised: readonly Promised[]) => readonly Promised[];
}

/** Gives the seconds that the restore of one snapshot took, by the attack's name, once all have been tried. */
export function attackSuite({ where, open, attacks, apart, restored }: AttackSuite): Map<string, number> {
  const times = new Map<string, number>();
  describe(`attacks on ${where}`, { timeout: 3_600_000 }, () => {
    let ground: Ground;
    let environment: NodeJS.ProcessEnv;
    const fields = new Map<Attack, Field>();

    before(async () => {
      ground = await Ground.prepare(await open());
      environment = { ...process.env };
      delete process.env.AWS_PROFILE;
      Object.assign(process.env, environmentOf(ground.arena.reader));
      if (!apart) return;
      await Promise.all(attacks.map(async (attack) => fields.set(attack, await ground.field(attack.name))));
      await Promise.all([...fields.values()].map((field) => field.begin()));
    });
    after(async () => {
      await ground?.leave();
      if (environment !== undefined) process.env = environment;
    });

    for (const attack of attacks) {
      it(`${attack.title.en} (${attack.keys})`, async () => {
        const field = fields.get(attack) ?? (await ground.field(attack.name));
        if (!apart) await field.begin();
        await attack.attempt(field);
        // Whoever owns the bucket may have taken the policy away, and puts it back.
        if (!apart) await field.setPolicy();
        using host = new CleanHost(field);
        const back = ['--as-of', new Date(field.safe).toISOString()];
        const began = performance.now();
        const promised = restored(field.promised);
        for (const snapshot of promised)
          await host.restores(snapshot, attack.reading === 'as of' ? back : []);
        times.set(attack.name, (performance.now() - began) / 1_000 / promised.length);

        const { status, proof } = await host.prove(field.promised.at(-1)?.id ?? '', back);
        const flaws = [...new Set(proof.findings.map(({ flaw }) => flaw))];
        assert.deepEqual([status, flaws], [attack.flaws.length === 0 ? 0 : 21, attack.flaws]);
        assert.ok((proof.protectedUntil ?? 0) > field.safe + ground.arena.lock.for);
        await attack.afterwards?.(field, host);
      });
    }
  });
  return times;
}
