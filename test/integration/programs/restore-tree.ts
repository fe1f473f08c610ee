/** Restores what is in one folder into another, as the user with the given number, and prints what it was told. */
import { randomBytes } from 'node:crypto';
import { planFilesRestore } from '../../../src/source/files/restore/restore.ts';
import type { FilesOrigin } from '../../../src/source/files/selection.ts';
import { takeSnapshot } from '../../doubles/live-tree.ts';

const [source = '', to = '', user = '0'] = process.argv.slice(2);
const uid = Number(user);
const lists = { roots: [source], include: [], exclude: [] };
const origin: FilesOrigin = { kind: 'files', layout: 'folder', ...lists, oneFileSystem: false };
const reader = takeSnapshot(source, 'data', origin);
if (uid !== 0) {
  process.setgid?.(uid);
  process.setuid?.(uid);
}
reader.layOut();
const { signal } = new AbortController();
const ids = { userId: () => undefined, groupId: () => undefined };
const host = { ids, uid, random: (size: number) => randomBytes(size) };
const request = {
  reader,
  component: 'data',
  origin,
  to: { kind: 'folder', path: to },
  delete: false,
} as const;
const plan = await planFilesRestore(request, host, { signal });
const told: string[] = [];
const troubles = ({ weight, code, path }: { weight: string; code: string; path: string }) => {
  told.push(`${weight} ${code} ${path}`);
};
process.stdout.write('begins\n');
await plan.execute({ emit: () => undefined, troubles, signal });
await reader.close();
process.stdout.write(`${JSON.stringify({ counts: plan.counts, troubles: told })}\n`);
