/** What the environment means to the commands that we run, and to ourselves. */
import type { World } from './world.ts';

/** What the policy's commands see of our environment: the same by hand as from a timer, and no secret that lies in it. */
export function environmentOfOthers({ environment: { PATH, HOME, LANG, DOCKER_HOST } }: World) {
  return { PATH, HOME, LANG, DOCKER_HOST };
}

/** A folder for what may be large; /tmp is memory on many a machine. */
export function spoolOf({ environment }: Pick<World, 'environment'>): string {
  return environment.TMPDIR || '/var/tmp';
}
