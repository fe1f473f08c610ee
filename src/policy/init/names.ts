/** Names of targets and components, made from names of folders, containers and volumes. */
import { isReservedName } from '../names.ts';

/** Gives each a name of its own: as far as a name may have its letters, with a number where it is taken. */
export function nameGiver(taken: readonly string[] = []): (wanted: string) => string {
  const names = new Set(taken);
  return (wanted) => {
    const base = allowed(wanted);
    let name = base;
    for (let number = 2; names.has(name); number++) name = `${base}-${number}`;
    names.add(name);
    return name;
  };
}

function allowed(wanted: string): string {
  const plain = wanted
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 80);
  const base = plain === '' || isReservedName(plain) ? `data-${plain}`.replace(/-$/, '') : plain;
  return isReservedName(base) ? 'data' : base;
}
