/** Where the engine of this machine is. */
import { engineErrors } from './errors.ts';

const USUAL = '/var/run/docker.sock';

/**
 * The path of its socket, as DOCKER_HOST says or else where it usually is. The `contexts` of docker's command line are
 * not asked: the same backup must reach the same engine by hand and from a timer.
 */
export function engineSocket(environment: Readonly<Record<string, string | undefined>>): string {
  const { DOCKER_HOST: address = '' } = environment;
  if (address === '') return USUAL;
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined;
  // Such an address may carry a name and a password.
  if (!path?.startsWith('/'))
    throw engineErrors.ENGINE_REMOTE({ address: address.replace(/\/\/.*@/, '//…@') });
  return path;
}
