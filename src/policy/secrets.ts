/** Secrets are read when they are needed, from where the policy says, and live in a Secret from then on. */
import { readFile } from 'node:fs/promises';
import { isHikaeError, systemCode } from '../base/errors.ts';
import { Secret, type SecretReference } from '../base/secret.ts';
import { policyErrors } from './errors.ts';
import { checkSecretFile, type TrustOptions } from './permissions.ts';
import type { Policy } from './policy-file.ts';

/** Runs a program without a shell and gives what it printed; fails when it ends with another code than 0. */
export type CommandRunner = (argv: readonly string[], options: { signal: AbortSignal }) => Promise<string>;

export interface SecretOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly run: CommandRunner;
  /** the user who runs */
  readonly uid: number;
  readonly signal: AbortSignal;
}

export async function resolveSecret(reference: SecretReference, options: SecretOptions): Promise<Secret> {
  const { file, env, command } = reference;
  if (file !== undefined) return secretFrom(await fromFile(file, options), file);
  if (env !== undefined) return secretFrom(options.environment[env] ?? '', env);
  if (command !== undefined) return secretFrom(await fromCommand(command, options), String(command[0]));
  throw new TypeError('a secret reference without a source');
}

/** Refuses a policy of which others can read a secret. A file that isn't there yet is missed when it is needed. */
export async function checkSecretFiles(policy: Policy, options: TrustOptions): Promise<void> {
  for (const { file } of referencesIn(policy)) {
    if (file === undefined) continue;
    try {
      await checkSecretFile(file, options);
    } catch (error) {
      if (!isHikaeError(error, 'POLICY_MISSING')) throw error;
    }
  }
}

function referencesIn({ targets, vaults, notify }: Policy): readonly SecretReference[] {
  const components = Object.values(targets).flatMap((target) => Object.values(target.components));
  return [
    ...components.flatMap(({ mysql, postgres }) => [mysql?.password, postgres?.password]),
    ...Object.values(vaults).flatMap(({ password, ssh }) => [
      password,
      ssh?.key,
      ssh?.passphrase,
      ssh?.password,
    ]),
    notify?.mail?.smtp.password,
    notify?.slack?.webhook,
  ].filter((reference) => reference !== undefined);
}

async function fromFile(file: string, { uid, signal }: SecretOptions): Promise<string> {
  try {
    const path = await checkSecretFile(file, { uid, signal });
    return await readFile(path, { encoding: 'utf8', signal });
  } catch (error) {
    if (isHikaeError(error, 'POLICY_MISSING'))
      throw policyErrors.POLICY_SECRET_MISSING({ from: file }, { cause: error });
    const code = systemCode(error);
    if (code === undefined || signal.aborted) throw error;
    throw policyErrors.POLICY_UNREADABLE({ file, reason: code }, { cause: error });
  }
}

async function fromCommand(command: readonly string[], { run, signal }: SecretOptions): Promise<string> {
  try {
    return await run(command, { signal });
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error;
    // Its arguments may tell where the secret lies, and its output may be the secret: neither is repeated.
    const details = { command: String(command[0]), reason: error.message };
    throw policyErrors.POLICY_SECRET_COMMAND(details, { cause: error });
  }
}

/** An editor ends a file with a newline and a program its output; neither is part of the secret. */
function secretFrom(text: string, from: string): Secret {
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw policyErrors.POLICY_SECRET_MISSING({ from });
  return new Secret(value);
}
