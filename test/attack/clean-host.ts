/**
 * A machine on which nothing is left: no policy, no ledger, no state. There are the lines of the recovery kit, its password,
 * and the keys of a role that only reads.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { Writable } from 'node:stream';
import { realWorld } from '../../src/app/world.ts';
import { runCli } from '../../src/cli/cli.ts';
import { kitLines } from '../../src/cli/kit-lines.ts';
import type { Proof } from '../../src/model/proof.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { Scratch, type Told, type ToldRestore, told } from '../end-to-end/command.ts';
import { COMPONENT, type Field, type Promised, RECOVERY, TARGET } from './ground.ts';

interface ToldProof {
  readonly vaults: readonly { readonly proofs: readonly Proof[] }[];
}

interface ToldVerify {
  readonly ends: readonly { readonly findings: readonly { readonly path: string }[] }[];
}

export class CleanHost {
  readonly #scratch = new Scratch();
  readonly #environment: Readonly<Record<string, string>>;
  readonly #lines: readonly (readonly string[])[];
  readonly #vault: string;

  constructor({ bucket, prefix, ground: { arena } }: Field) {
    const { endpoint, region } = arena;
    this.#environment = { AWS_REGION: region, ...(endpoint && { AWS_ENDPOINT_URL_S3: endpoint }) };
    this.#vault = `s3://${bucket}/${prefix}`;
    const location = { kind: 's3', bucket, prefix } as const;
    const place = { location, place: this.#vault, region, ...(endpoint && { endpoint }) };
    const { hikae } = kitLines({ ...place, targets: [TARGET] });
    this.#lines = hikae.map((line) => line.split(' ').slice(1));
    this.#scratch.write('recovery.pw', `${RECOVERY}\n`, 0o600);
  }

  /** The kit's line for a restore, for this very snapshot; it has to come back byte for byte. */
  async restores({ id, tree }: Promised, asOf: readonly string[]): Promise<void> {
    const line = this.#lines.find(([verb]) => verb === 'restore') ?? [];
    const restored = this.#scratch.at('restored');
    mkdirSync(restored);
    const words = line.map((word) => word.replace('/srv/restored', restored));
    const { status, result, stderr } = await this.run<ToldRestore>([...words, '--date', id, ...asOf]);
    assert.deepEqual([status, result.outcome], [0, 'succeeded'], `${JSON.stringify(result)}\n${stderr}`);
    assert.deepEqual(describeTree(`${restored}/${TARGET}/${COMPONENT}`), tree);
    rmSync(restored, { recursive: true });
  }

  async prove(id: string, asOf: readonly string[]): Promise<{ status: number | null; proof: Proof }> {
    const { status, result, stdout } = await this.run<ToldProof>(['prove', id, ...this.where, ...asOf]);
    const proof = result.vaults?.[0]?.proofs[0];
    assert.ok(proof !== undefined, stdout);
    return { status, proof };
  }

  /** The paths of all that is damaged. */
  async verify(more: readonly string[] = []): Promise<{ status: number | null; paths: readonly string[] }> {
    const { status, result, stdout } = await this.run<ToldVerify>(['verify', ...this.where, ...more]);
    assert.ok(result.ends !== undefined, stdout);
    return { status, paths: result.ends.flatMap(({ findings }) => findings.map(({ path }) => path)) };
  }

  async run<Result>(args: readonly string[]): Promise<Told<Result>> {
    const [stdout, stderr] = [new Kept(), new Kept()];
    const { PATH = '' } = process.env;
    const environment = { PATH, HOME: '/nonexistent', LANG: 'C.UTF-8', ...this.#environment };
    const status = await runCli({
      ...realWorld(),
      argv: ['--json', '--lang', 'en', ...args],
      environment,
      folder: this.#scratch.path,
      stdout,
      stderr,
      onInterrupt: () => () => {},
    });
    return told<Result>({ status, stdout: stdout.text, stderr: stderr.text });
  }

  get where(): readonly string[] {
    return ['--vault', this.#vault, '--password-file', 'recovery.pw'];
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

class Kept extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
