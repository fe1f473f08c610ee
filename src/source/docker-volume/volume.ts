/** Which volumes can be read and written as folders of this machine, and what files they are. */
import { lstatSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import type { Origin, VolumeFacts } from '../../model/snapshot.ts';
import type { Volume } from '../docker/engine.ts';
import { volumeErrors } from './errors.ts';

export type VolumeOrigin = Extract<Origin, { kind: 'docker-volume' }>;

/** As the engine itself wants names; others would be read as something else in a path of its API. */
export function requireVolumeName(volume: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(volume)) throw volumeErrors.VOLUME_NAME({ volume });
}

/**
 * Fails on what isn't a plain folder: another driver's data may lie anywhere, and with the options `type`, `o` and
 * `device` the driver `local` mounts something that is there only while a container uses it. A quota (`size`) is fine.
 */
export function requirePlain({
  name: volume,
  driver,
  options,
}: Pick<Volume, 'name' | 'driver' | 'options'>): void {
  if (driver !== 'local') throw volumeErrors.VOLUME_DRIVER({ volume, driver });
  const odd = Object.entries(options).filter(([name]) => name !== 'size');
  if (odd.length === 0) return;
  // Of a network share, `o` may hold a password.
  const shown = odd.map(([name, value]) => (name === 'o' ? 'o=…' : `${name}=${value}`));
  throw volumeErrors.VOLUME_OPTIONS({ volume, options: shown });
}

export function requireHere({ name: volume, mountpoint: path }: Volume): void {
  try {
    if (lstatSync(path).isDirectory()) return;
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      // Who may not look there is told so when it is read.
      if (code === 'EACCES') return;
      throw error;
    }
  }
  throw volumeErrors.VOLUME_ELSEWHERE({ volume, path });
}

export function factsOf({ driver, options, labels }: Volume): VolumeFacts {
  return { driver, options, labels };
}

/** The content of a volume, as a folder of files. */
export function filesAt(path: string): Extract<Origin, { kind: 'files' }> {
  return { kind: 'files', layout: 'folder', roots: [path], include: [], exclude: [], oneFileSystem: true };
}
