/** Reading `globals.sql` as the statements that pg_dumpall has written, each with the role or tablespace that it is about. */
import { isOneStatement } from './sql.ts';

export interface GlobalStatement {
  /** `unknown`: nothing that pg_dumpall is known to write, so nobody runs it */
  readonly kind: 'role' | 'membership' | 'tablespace' | 'unknown';
  /** the role, or the tablespace; of an unknown one how it begins */
  readonly name: string;
  /** of a membership: who becomes a member */
  readonly member?: string;
  readonly creates: boolean;
  readonly text: string;
}

const NAME = '("(?:[^"]|"")+"|[^\\s";]+)';

const forms: readonly (readonly [RegExp, GlobalStatement['kind']])[] = [
  [new RegExp(`^CREATE ROLE ${NAME};$`, 's'), 'role'],
  [new RegExp(`^ALTER ROLE ${NAME} .*;$`, 's'), 'role'],
  [new RegExp(`^COMMENT ON ROLE ${NAME} IS .*;$`, 's'), 'role'],
  [new RegExp(`^SECURITY LABEL .* ON ROLE ${NAME} IS .*;$`, 's'), 'role'],
  [new RegExp(`^GRANT ${NAME} TO ${NAME}(?: WITH .*)?(?: GRANTED BY ${NAME})?;$`, 's'), 'membership'],
  [new RegExp(`^CREATE TABLESPACE ${NAME} .*;$`, 's'), 'tablespace'],
  [new RegExp(`^ALTER TABLESPACE ${NAME} .*;$`, 's'), 'tablespace'],
  [new RegExp(`^COMMENT ON TABLESPACE ${NAME} IS .*;$`, 's'), 'tablespace'],
  [new RegExp(`^(?:GRANT|REVOKE) .* ON TABLESPACE ${NAME} (?:TO|FROM) .*;$`, 's'), 'tablespace'],
];

/** What lies before `end`, without what only sets up psql for it. */
export function readGlobals(script: string, end: string): GlobalStatement[] {
  const whole = script.slice(0, Math.max(0, script.indexOf(`\n${end}`)));
  return statementsIn(whole).flatMap((text): GlobalStatement | [] => {
    if (/^SET [a-z_]+ = [^;]*;$/.test(text)) return [];
    for (const [form, kind] of isOneStatement(text) ? forms : []) {
      const [, first, second] = form.exec(text) ?? [];
      if (first === undefined) continue;
      return {
        kind,
        name: unquoted(first),
        creates: text.startsWith('CREATE '),
        text,
        ...(kind === 'membership' && second !== undefined ? { member: unquoted(second) } : {}),
      };
    }
    return { kind: 'unknown', name: /^\w+(?: \w+)?/.exec(text)?.[0] ?? '?', creates: false, text };
  });
}

/** A statement ends with a semicolon at the end of a line that lies outside of quotes. */
function statementsIn(script: string): string[] {
  const statements: string[] = [];
  let pending = '';
  for (const line of script.split('\n')) {
    if (pending === '' && (line === '' || line.startsWith('--') || line.startsWith('\\'))) continue;
    pending = pending === '' ? line : `${pending}\n${line}`;
    if (!line.endsWith(';') || isQuoteOpen(pending)) continue;
    statements.push(pending);
    pending = '';
  }
  return statements;
}

/** Quotes within quotes are doubled, and a backslash never hides one in what pg_dumpall writes. */
function isQuoteOpen(text: string): boolean {
  let open = '';
  for (const character of text) {
    if (open === '' && (character === "'" || character === '"')) open = character;
    else if (character === open) open = '';
  }
  return open !== '';
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
