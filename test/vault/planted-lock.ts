/** A lock in a repository that nobody holds: of a process that is gone, or of another machine. */
import { randomBytes } from 'node:crypto';
import { Secret } from '../../src/base/secret.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import { encodeLockFile, type LockFile } from '../../src/vault/restic/format/lock-file.ts';
import { writeUnpacked } from '../../src/vault/restic/objects.ts';
import { openRepository } from '../../src/vault/restic/repository.ts';
import { PASSWORD } from './restic-taking.ts';
import { never } from './taking.ts';

/** By default as restic on another machine has just taken it to be alone. Gives its id. */
export async function plantLock(path: string, lock: Partial<LockFile> = {}): Promise<string> {
  const storage = await openLocalStorage(path, { create: false, random: randomBytes });
  try {
    const password = new Secret(PASSWORD);
    const repository = await openRepository(storage, { password, random: randomBytes, signal: never });
    if (repository === undefined) throw new Error(`there is no repository at ${path}`);
    const usual = { exclusive: true, hostname: 'elsewhere', username: 'root', pid: 4711, uid: 0, gid: 0 };
    const json = encodeLockFile({ time: Date.now(), ...usual, ...lock });
    return await writeUnpacked({ ...repository, version: 2 }, 'locks', json, { signal: never });
  } finally {
    await storage.close();
  }
}
