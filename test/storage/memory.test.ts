/** The double keeps the contract that it stands for. */
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { storageContract } from './contract.ts';

for (const folders of [false, true]) {
  const shared = new MemoryStorage(undefined, { folders });
  const kind = folders ? 'in memory that keeps folders' : 'in memory';
  storageContract({ kind, open: async () => shared });
}
