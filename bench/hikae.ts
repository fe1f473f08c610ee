/** The command as the package has it, on a policy of its own: what users run, which isn't what a checkout runs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** As the first line of the program starts it, but with the Node.js that measures. */
export const command = [process.execPath, '--max-semi-space-size=8', main] as const;

/**
 * A vault and a ledger in a new folder; the function gives the shell command for what hikae is to do there with one source.
 * Of a repository `password` is the file that its password is in.
 */
export function freshHikae(folder: string, source: object, password?: string): (verb: string) => string {
  mkdirSync(folder, { mode: 0o700 });
  const policy = join(folder, 'policy.yaml');
  const place = join(folder, 'vault');
  const vault = password === undefined ? { plain: place } : { restic: place, password: { file: password } };
  const text = `version: 1
host: bench
timezone: UTC
state: ${join(folder, 'state')}
targets:
  tree:
    components:
      one: ${JSON.stringify(source)}
vaults:
  disk: ${JSON.stringify({ ...vault, keep: { daily: 30 } })}
schedules:
  daily: { at: "02:00", to: disk }
`;
  writeFileSync(policy, text, { mode: 0o600 });
  return (verb) => `${command.join(' ')} --policy ${policy} --quiet ${verb}`;
}
