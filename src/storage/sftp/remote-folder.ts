/** Folders on a server: making them on the way to an object, and bringing their names to the disk. */
import { type Channel, FAILURE, NO_SUCH_FILE, RequestFailure } from './channel.ts';

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Makes a folder and those above it that are missing; tells each folder that got a new one in it. */
export async function makeFolders(channel: Channel, path: string, signal: AbortSignal): Promise<string[]> {
  try {
    await channel.makeFolder(path, signal);
    return [parentOf(path)];
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    if (error.status === NO_SUCH_FILE && path !== '/') {
      const made = await makeFolders(channel, parentOf(path), signal);
      return [...made, ...(await makeFolders(channel, path, signal))];
    }
    // That it is there already is told by the same status as everything else; a link to a folder counts as one.
    if (await isFolder(channel, path, signal)) return [];
    throw error;
  }
}

/** After this the names in a folder are on the disk, if the server is one that can do that. */
export async function syncFolder(channel: Channel, path: string, signal: AbortSignal): Promise<void> {
  if (!channel.has('fsync')) return;
  try {
    const handle = await channel.open(path, 'r', signal);
    try {
      await channel.sync(handle, signal);
    } finally {
      channel.letGo(handle);
    }
  } catch (error) {
    // Servers other than OpenSSH's may not open a folder like a file.
    if (!(error instanceof RequestFailure && error.status === FAILURE)) throw error;
  }
}

/** Whether a folder is there; a link to one will do, since the user says where the root is. */
export async function isFolder(channel: Channel, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await channel.followed(path, signal)).isDirectory();
  } catch (error) {
    if (error instanceof RequestFailure && error.status === NO_SUCH_FILE) return false;
    throw error;
  }
}
