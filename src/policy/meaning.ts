/** What a policy comes down to for those who carry it out. */
import type { DatabaseOrigin, Origin, ServerAddress } from '../model/snapshot.ts';
import type { Component, Policy, PolicySchedule, PolicyVault, ScheduleName } from './policy-file.ts';

/** Where a component comes from. */
export function originOf(component: Component): Origin {
  const { files, command, postgres, mysql } = component;
  if (files !== undefined) {
    return {
      kind: 'files',
      layout: files.layout,
      roots: files.roots,
      include: component.include ?? [],
      exclude: component.exclude ?? [],
      oneFileSystem: component.oneFileSystem ?? true,
    };
  }
  if (command !== undefined) return { kind: 'command', argv: command.argv, file: command.file };
  if (postgres !== undefined) return { kind: 'postgres', ...databaseOriginOf(postgres) };
  if (mysql !== undefined) return { kind: 'mysql', together: mysql.together, ...databaseOriginOf(mysql) };
  const volume = component['docker-volume'];
  if (volume === undefined) throw new TypeError('a component of no kind');
  return { kind: 'docker-volume', volume: volume.volume, pause: volume.pause ? volume.maxPause : 0 };
}

function databaseOriginOf(database: NonNullable<Component['postgres']>): DatabaseOrigin {
  const { user, password, databases } = database;
  return {
    server: addressOf(database),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    databases,
  };
}

function addressOf({ docker, socket, host, port: said }: NonNullable<Component['postgres']>): ServerAddress {
  const port = said === undefined ? {} : { port: said };
  if (docker !== undefined) return { via: 'docker', container: docker, ...port };
  if (socket !== undefined) return { via: 'socket', path: socket, ...port };
  if (host !== undefined) return { via: 'tcp', host, ...port };
  throw new TypeError('a database without a server');
}

/** All components of all targets, each with where it stands in the file. */
export function componentsOf(
  policy: Policy,
): readonly { readonly path: string; readonly component: Component }[] {
  return Object.entries(policy.targets).flatMap(([target, { components }]) =>
    Object.entries(components).map(([name, component]) => ({
      path: `targets.${target}.components.${name}`,
      component,
    })),
  );
}

/** The place of a vault as it was written. */
export function placeOf(vault: PolicyVault): string {
  const place = vault.plain ?? vault.restic;
  if (place === undefined) throw new TypeError('a vault without a place');
  return place;
}

/** The schedules in the order of the file: the first is the one that runs when none is named. */
export function schedulesOf(policy: Policy): readonly (readonly [ScheduleName, PolicySchedule])[] {
  return (['daily', 'weekly'] as const)
    .flatMap((name): [ScheduleName, PolicySchedule][] => {
      const schedule = policy.schedules[name];
      return schedule === undefined ? [] : [[name, schedule]];
    })
    .sort(([one], [other]) => {
      const order = Object.keys(policy.schedules);
      return order.indexOf(one) - order.indexOf(other);
    });
}

export function targetsOf(policy: Policy, schedule: PolicySchedule): readonly string[] {
  return schedule.targets ?? Object.keys(policy.targets);
}

export interface Keep {
  readonly daily: number;
  readonly weekly: number;
}

/** How many days and ISO weeks a vault keeps: its own word, or else the schedule's, or else 3 and 4. */
export function keepOf(policy: Policy, vault: string): Keep {
  const keep = policy.vaults[vault]?.keep;
  const said = (name: ScheduleName): number | undefined => keep?.[name] ?? policy.schedules[name]?.keep;
  return { daily: said('daily') ?? 3, weekly: said('weekly') ?? 4 };
}
