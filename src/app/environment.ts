/** The environment of the commands that we run. */
import type { World } from './world.ts';

/** What the policy's commands see of our environment: the same by hand as from a timer, and no secret that lies in it. */
export function environmentOfOthers({ environment: { PATH, HOME, LANG, DOCKER_HOST } }: World) {
  return { PATH, HOME, LANG, DOCKER_HOST };
}
