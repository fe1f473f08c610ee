/** The contract of vaults, kept by a repository on a local disk. */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { vaultContract } from './contract.ts';
import { openTestRepository } from './restic-taking.ts';

vaultContract({
  kind: 'restic',
  deduplicates: true,
  open: (folder) => openTestRepository(join(folder, 'repository')),
  ruin(folder) {
    // The names tell nothing; the test ruins the first that it has taken.
    const snapshots = join(folder, 'repository/snapshots');
    const [oldest] = readdirSync(snapshots)
      .map((name) => join(snapshots, name))
      .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
    truncateSync(String(oldest), 10);
  },
});
