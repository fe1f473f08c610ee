/** A Docker volume as a source: both halves behind the room's face. */
import type { Origin } from '../../model/snapshot.ts';
import type { Source } from '../source.ts';
import { captureVolume } from './capture.ts';
import type { VolumeHost } from './host.ts';
import { planVolumeRestore } from './restore.ts';
import { filesAt, requireVolumeName, type VolumeOrigin } from './volume.ts';

export type { VolumeHost } from './host.ts';

export function createVolumeSource(host: VolumeHost): Source {
  return {
    kind: 'docker-volume',
    async capture(origin, options) {
      return captureVolume(originOf(origin), options, host);
    },
    async present(origin, options) {
      const { volume } = originOf(origin);
      requireVolumeName(volume);
      return (await host.engine().volume(volume, options)) === undefined ? undefined : origin;
    },
    async planRestore(request, options) {
      const origin = originOf(request.origin);
      if (request.to.kind === 'in-place') return planVolumeRestore(request, origin, host, options);
      // In a folder of one's own it is one of files, whatever engine there is.
      return host.files.planRestore({ ...request, origin: filesAt('/') }, options);
    },
  };
}

function originOf(origin: Origin): VolumeOrigin {
  if (origin.kind !== 'docker-volume')
    throw new TypeError(`the source of Docker volumes got an origin of kind ${origin.kind}`);
  return origin;
}
