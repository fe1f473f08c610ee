/** The sources of every kind, put together from what the machine has. */
import { join } from 'node:path';
import type { ComponentKind } from '../model/snapshot.ts';
import type { DatabaseHost } from '../source/database/host.ts';
import type { Source } from '../source/source.ts';
import { secretOf } from './secrets.ts';
import type { World } from './world.ts';

/** Sources are loaded when they are asked for: to look into a snapshot takes none. */
export function openSources(world: World, halts: string): (kind: ComponentKind) => Promise<Source> {
  return async (kind) => {
    const files = await openFiles(world);
    switch (kind) {
      case 'files':
        return files;
      case 'command':
        return openCommand(world, files);
      case 'postgres':
        return openPostgres(world, files);
      case 'mysql':
        return openMysql(world, files);
      case 'docker-volume':
        return openVolumes(world, halts, files);
    }
  };
}

async function openFiles({ clock, uid, random }: World): Promise<Source> {
  const { createFilesSource } = await import('../source/files/files.ts');
  return createFilesSource({ clock, accounts: '/etc', uid, random: (size) => Buffer.from(random(size)) });
}

async function openCommand({ clock, uid, gid, environment }: World, files: Source): Promise<Source> {
  const { createCommandSource } = await import('../source/command/command.ts');
  const { PATH, HOME, LANG } = environment;
  return createCommandSource({
    clock,
    environment: { PATH, HOME, LANG },
    owner: { uid, gid, user: '', group: '' },
    planFiles: (request, options) => files.planRestore(request, options),
  });
}

async function openPostgres(world: World, files: Source): Promise<Source> {
  const { createPostgresSource } = await import('../source/postgres/postgres.ts');
  return createPostgresSource(databaseHost(world, files));
}

async function openMysql(world: World, files: Source): Promise<Source> {
  const { createMysqlSource } = await import('../source/mysql/mysql.ts');
  return createMysqlSource(databaseHost(world, files));
}

/** DOCKER_HOST says where an engine is that listens elsewhere than usual. */
function databaseHost(world: World, files: Source): DatabaseHost {
  const { clock, uid, gid, environment, random } = world;
  const { PATH, LANG, DOCKER_HOST } = environment;
  return {
    clock,
    environment: { PATH, LANG, DOCKER_HOST },
    owner: { uid, gid, user: '', group: '' },
    random,
    secret: (reference, { signal }) => secretOf(reference, world, signal),
    planFiles: (request, options) => files.planRestore(request, options),
  };
}

async function openVolumes(
  { clock, environment, node, random }: World,
  halts: string,
  files: Source,
): Promise<Source> {
  const { createVolumeSource } = await import('../source/docker-volume/docker-volume.ts');
  const { engineSocket } = await import('../source/docker/address.ts');
  const { openEngine } = await import('../source/docker/engine.ts');
  const engine = () => openEngine(engineSocket(environment));
  return createVolumeSource({ clock, engine, files, halts, node, random });
}

/** The folder for notes of containers that stand still because of a run. */
export function haltsIn(state: string): string {
  return join(state, 'halts');
}
