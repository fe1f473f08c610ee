/** Databases of MySQL and MariaDB: dumps of each and of the accounts, and their way back into a running server. */
import type { Origin } from '../../model/snapshot.ts';
import { asFiles } from '../as-files.ts';
import type { DatabaseHost } from '../database/host.ts';
import { planDatabaseRestore } from '../database/restore.ts';
import type { Source } from '../source.ts';
import { captureMysql } from './capture.ts';
import type { MysqlOrigin } from './connection.ts';
import { listDatabases, withoutStandIns } from './inventory.ts';
import { connectAs } from './login.ts';
import { openRestoring } from './restoring.ts';

export function createMysqlSource(host: DatabaseHost): Source {
  return {
    kind: 'mysql',
    async capture(origin, options) {
      return captureMysql(originOf(origin), options, host);
    },
    async present(given, { signal }) {
      const origin = originOf(given);
      const connection = await connectAs(origin, host, { signal });
      const { ordinary } = withoutStandIns(await listDatabases(connection, { signal }));
      const names = new Set(ordinary.map(({ name }) => name));
      if (origin.databases === 'all') return names.size === 0 ? undefined : origin;
      const databases = origin.databases.filter((name) => names.has(name));
      return databases.length === 0 ? undefined : { ...origin, databases };
    },
    async planRestore(request, options) {
      if (request.to.kind === 'folder') return host.planFiles({ ...request, origin: asFiles }, options);
      const { component } = request;
      const server = await openRestoring(originOf(request.origin), host, {
        component,
        signal: options.signal,
      });
      return planDatabaseRestore(request, server, host, options);
    },
  };
}

function originOf(origin: Origin): MysqlOrigin {
  if (origin.kind !== 'mysql')
    throw new TypeError(`the source of MySQL got an origin of kind ${origin.kind}`);
  return origin;
}
