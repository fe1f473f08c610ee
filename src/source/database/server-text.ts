/** How a database server is called when a person is told of it. */
import type { ServerAddress } from '../../model/snapshot.ts';

export function serverText(product: string, server: ServerAddress): string {
  const port = server.port === undefined ? '' : `:${server.port}`;
  if (server.via === 'docker') return `${product} (docker ${server.container}${port})`;
  return `${product} (${server.via === 'socket' ? server.path : server.host}${port})`;
}
