/** Bringing roles and tablespaces back: those that are missing, and what existing ones were only when that is asked for. */
import { isHikaeError } from '../../base/errors.ts';
import { trouble } from '../../model/trouble.ts';
import type { AccountsPlan } from '../database/restoring-server.ts';
import type { RestoreEffect } from '../source.ts';
import { readRoles, readTablespaces } from './catalog.ts';
import type { Connection } from './connection.ts';
import { rolesEnd } from './globals-dump.ts';
import { type GlobalStatement, readGlobals } from './globals-script.ts';
import { lookAround, meetingPlace } from './server.ts';
import { withSession } from './session.ts';

type Thing = 'role' | 'tablespace';

/** What is run for one role or tablespace. */
interface GlobalStep {
  readonly kind: Thing;
  readonly name: string;
  readonly exists: boolean;
  readonly statements: readonly string[];
}

export async function planGlobals(
  script: string,
  connection: Connection,
  { replace, signal }: { readonly replace: boolean; readonly signal: AbortSignal },
): Promise<AccountsPlan> {
  const there = await lookAround(connection, signal, async (session) => ({
    role: await readRoles(session),
    tablespace: await readTablespaces(session),
  }));
  const statements = readGlobals(script, rolesEnd);
  const things = (['role', 'tablespace'] as const).flatMap((kind) => stepsOf(kind, statements, there[kind]));
  const acting = things.filter((step) => !step.exists || isReplaced(step, replace, connection));
  const memberships = membershipsOf(statements, acting, there.role, replace);
  return {
    effects: [
      ...things.map((step) => effectOf(step, isReplaced(step, replace, connection))),
      ...surplusOf(things, there),
      ...statements.filter(({ kind }) => kind === 'unknown').map(passedOver),
    ],
    execute: ({ troubles, signal: stop }) =>
      withEach(connection, [...acting, ...memberships], stop, (step, error) =>
        troubles(trouble('unwritable', shown(step), error)),
      ),
  };
}

/** The role that we log in as stays what it is: with its password of that day the next login would be refused. */
function isReplaced({ kind, name }: GlobalStep, replace: boolean, { user }: Connection): boolean {
  return replace && !(kind === 'role' && name === user);
}

function stepsOf(
  kind: Thing,
  statements: readonly GlobalStatement[],
  there: readonly string[],
): GlobalStep[] {
  const own = statements.filter((statement) => statement.kind === kind);
  return [...new Set(own.map(({ name }) => name))].map((name) => {
    const exists = there.includes(name);
    const mine = own.filter((statement) => statement.name === name && !(exists && statement.creates));
    return { kind, name, exists, statements: mine.map(({ text }) => text) };
  });
}

/** Those of roles that are made or set now; what others are members of is theirs. */
function membershipsOf(
  statements: readonly GlobalStatement[],
  acting: readonly GlobalStep[],
  there: readonly string[],
  replace: boolean,
): GlobalStep[] {
  const roles = new Set(acting.filter(({ kind }) => kind === 'role').map(({ name }) => name));
  const known = new Set([...roles, ...there]);
  return statements
    .filter(({ kind, name, member = '' }) => {
      if (kind !== 'membership') return false;
      return replace || roles.has(name) || (roles.has(member) && (known.has(name) || name.startsWith('pg_')));
    })
    .map(({ name, member = '', text }) => ({
      kind: 'role',
      name: `${member} in ${name}`,
      exists: false,
      statements: [text],
    }));
}

function effectOf(step: GlobalStep, replace: boolean): RestoreEffect {
  const path = shown(step);
  if (!step.exists) return { action: 'create', path, reasons: [], bytes: 0 };
  return replace
    ? { action: 'change', path, reasons: ['content'], bytes: 0 }
    : { action: 'leave', path, reasons: [], bytes: 0 };
}

function surplusOf(
  things: readonly GlobalStep[],
  there: { readonly [Kind in Thing]: readonly string[] },
): RestoreEffect[] {
  return (['role', 'tablespace'] as const).flatMap((kind) => {
    const known = new Set(things.filter((step) => step.kind === kind).map(({ name }) => name));
    return there[kind]
      .filter((name) => !known.has(name))
      .map((name): RestoreEffect => {
        return { action: 'leave', path: shown({ kind, name }), reasons: ['not-in-snapshot'], bytes: 0 };
      });
  });
}

function passedOver({ name }: GlobalStatement): RestoreEffect {
  return { action: 'leave', path: name, reasons: ['unknown-statement'], bytes: 0 };
}

function shown({ kind, name }: Pick<GlobalStep, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** Each in a session of its own, which an error ends. A tablespace can't be made in a transaction, so none has one. */
async function withEach(
  connection: Connection,
  steps: readonly GlobalStep[],
  signal: AbortSignal,
  failed: (step: GlobalStep, error: Error) => void,
): Promise<number> {
  let done = 0;
  for (const step of steps) {
    try {
      await withSession(connection, meetingPlace(), signal, async (session) => {
        for (const statement of step.statements) await session.run(statement);
      });
      done += 1;
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      failed(step, error);
    }
  }
  return done;
}
