/** The capture of a volume: the files of its folder, and what the engine knows of it. */
import type { Capture, CapturedNode } from '../../model/capture.ts';
import type { CaptureOptions } from '../source.ts';
import { volumeErrors } from './errors.ts';
import type { VolumeHost } from './host.ts';
import { pauseWriters } from './pause.ts';
import {
  factsOf,
  filesAt,
  requireHere,
  requirePlain,
  requireVolumeName,
  type VolumeOrigin,
} from './volume.ts';

export async function captureVolume(
  { volume: name, pause: longest }: VolumeOrigin,
  options: CaptureOptions,
  host: VolumeHost,
): Promise<Capture> {
  const { component, signal } = options;
  signal.throwIfAborted();
  requireVolumeName(name);
  const engine = host.engine();
  const volume = await engine.volume(name, { signal });
  if (volume === undefined) throw volumeErrors.VOLUME_UNKNOWN({ volume: name, component });
  requirePlain(volume);
  requireHere(volume);
  const files = await host.files.capture(filesAt(volume.mountpoint), options);
  try {
    const pause =
      longest === 0 ? undefined : await pauseWriters({ volume: name, longest, signal }, engine, host);
    return {
      async *nodes(): AsyncGenerator<readonly CapturedNode[]> {
        for await (const batch of files.nodes()) {
          pause?.broken.throwIfAborted();
          yield batch;
        }
      },
      async facts() {
        await pause?.end();
        return { volume: factsOf(volume) };
      },
      async close() {
        try {
          await pause?.abandon();
        } finally {
          await files.close();
        }
      },
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}
