/**
 * A real ext4 file system of its own, with a journal, held in memory. To sync it waits for nobody else's data, and to make
 * files again that were just removed is quick, so that a test may do both thousands of times. Only root can mount one;
 * for anybody else it is a plain temporary folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface QuickDisk {
  readonly folder: string;
  remove(): void;
}

/** `size` in mebibytes. */
export function openQuickDisk(name: string, size: number): QuickDisk {
  const folder = mkdtempSync(join(tmpdir(), `hikae-${name}-`));
  if (process.getuid?.() !== 0) return { folder, remove: () => rmSync(folder, { recursive: true }) };
  const memory = join(folder, 'memory');
  const disk = join(folder, 'disk');
  for (const place of [memory, disk]) mkdirSync(place);
  run('mount', '-t', 'tmpfs', '-o', `size=${size + 16}m`, 'tmpfs', memory);
  try {
    run('truncate', '-s', `${size}M`, join(memory, 'image'));
    run('mkfs.ext4', '-q', '-F', '-m', '0', join(memory, 'image'));
    run('mount', '-o', 'loop', join(memory, 'image'), disk);
  } catch (error) {
    run('umount', memory);
    throw error;
  }
  return {
    folder: disk,
    remove() {
      // A test that has failed may still have a file open.
      run('umount', '--lazy', disk);
      run('umount', '--lazy', memory);
      rmSync(folder, { recursive: true });
    },
  };
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, {
    stdio: 'pipe',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
}
