/** Which of the mounted disks a first vault may lie on. */
import { type Mount, mountOf } from '../mounts.ts';
import { isWithin } from '../paths.ts';
import { isWritable } from './folders.ts';

const usualPlaces = ['/mnt', '/media', '/run/media', '/backup', '/backups'];
/** They keep neither links nor modes, which a vault of dated folders lives on. */
const unfitTypes = new Set(['vfat', 'exfat', 'ntfs', 'ntfs3', 'fuseblk', 'iso9660', 'squashfs', 'udf']);

/** The mount point of one below the usual folders that holds neither the system nor what is to be protected. */
export function separateDisk(mounts: readonly Mount[], sources: readonly string[]): string | undefined {
  const used = ['/', ...sources].flatMap((path) => mountOf(mounts, path) ?? []);
  return mounts.find(
    ({ point, device, source, type }) =>
      usualPlaces.some((folder) => isWithin(point, folder)) &&
      source.startsWith('/dev/') &&
      !used.some((other) => other.device === device || diskOf(other.source) === diskOf(source)) &&
      !unfitTypes.has(type) &&
      isWritable(point),
  )?.point;
}

/** Two partitions break together: `/dev/sda` of `/dev/sda2`, `/dev/nvme0n1` of `/dev/nvme0n1p2`. */
function diskOf(source: string): string {
  const [, numbered, lettered] =
    /^(\/dev\/(?:nvme\d+n\d+|mmcblk\d+|md\d+|nbd\d+))p\d+$|^(\/dev\/[a-z]+)\d+$/.exec(source) ?? [];
  return numbered ?? lettered ?? source;
}
