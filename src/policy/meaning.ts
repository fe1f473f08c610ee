/** What a policy comes down to for those who carry it out. */
import type { LaterKind, Origin } from '../model/snapshot.ts';
import type { Component, Policy, PolicySchedule, PolicyVault, ScheduleName } from './policy-file.ts';

/** Where a component comes from; undefined for kinds that `notYetActing` lists. */
export function originOf(component: Component): Origin | undefined {
  const { files, command } = component;
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
  return command === undefined ? undefined : { kind: 'command', argv: command.argv, file: command.file };
}

/** The kind of a component that `originOf` knows no origin for. */
export function laterKindOf(component: Component): LaterKind {
  const kind = (['postgres', 'mysql', 'docker-volume'] as const).find((one) => component[one] !== undefined);
  if (kind === undefined) throw new TypeError('a component of no kind');
  return kind;
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
