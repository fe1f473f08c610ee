/** Databases of PostgreSQL: dumps of each and of what is around them, and their way back into a running server. */
import type { Origin } from '../../model/snapshot.ts';
import { asFiles } from '../as-files.ts';
import type { DatabaseHost } from '../database/host.ts';
import { planDatabaseRestore } from '../database/restore.ts';
import type { Source } from '../source.ts';
import { capturePostgres } from './capture.ts';
import { readDatabases } from './catalog.ts';
import { connect, type PostgresOrigin } from './connection.ts';
import { openRestoring } from './restoring.ts';
import { lookAround } from './server.ts';

export function createPostgresSource(host: DatabaseHost): Source {
  return {
    kind: 'postgres',
    async capture(origin, options) {
      return capturePostgres(originOf(origin), options, host);
    },
    async present(given, { signal }) {
      const origin = originOf(given);
      const connection = await connect(origin, host, { signal });
      const found = await lookAround(connection, signal, readDatabases);
      const names = new Set(found.map(({ name }) => name));
      if (origin.databases === 'all') return names.size === 0 ? undefined : origin;
      const databases = origin.databases.filter((name) => names.has(name));
      return databases.length === 0 ? undefined : { ...origin, databases };
    },
    async planRestore(request, options) {
      if (request.to.kind === 'folder') return host.planFiles({ ...request, origin: asFiles }, options);
      const server = await openRestoring(originOf(request.origin), host, options);
      return planDatabaseRestore(request, server, host, options);
    },
  };
}

function originOf(origin: Origin): PostgresOrigin {
  if (origin.kind !== 'postgres')
    throw new TypeError(`the source of PostgreSQL got an origin of kind ${origin.kind}`);
  return origin;
}
