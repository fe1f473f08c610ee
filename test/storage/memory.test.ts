/** The double keeps the contract that it stands for. */
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { storageContract } from './contract.ts';

const shared = new MemoryStorage();
storageContract({ kind: 'in memory', open: async () => shared });
