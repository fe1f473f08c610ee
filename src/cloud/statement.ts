/** Statements of a bucket policy, and what they deny and allow. */

export interface Statement {
  readonly sid: string;
  readonly effect: 'Allow' | 'Deny';
  /** ARNs, account numbers, services; `*` is anybody. Empty where it is written as all but some. */
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly allBut: { readonly actions: readonly string[]; readonly resources: readonly string[] };
  readonly resources: readonly string[];
  readonly conditions: Conditions;
  /** as it was written, to be put back unchanged */
  readonly told: object;
}

/** Operator, key in lower case, values. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Undefined for what is no policy. */
export function parseStatements(text: string): readonly Statement[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isRecord(parsed)) return undefined;
  const { Statement: told } = parsed;
  const statements = (Array.isArray(told) ? told : [told]).map(statementOf);
  return statements.every((one) => one !== undefined) ? statements : undefined;
}

function statementOf(told: unknown): Statement | undefined {
  if (!isRecord(told)) return undefined;
  const { Sid, Effect, Principal, Action, NotAction, Resource, NotResource, Condition } = told;
  if (Effect !== 'Allow' && Effect !== 'Deny') return undefined;
  return {
    sid: typeof Sid === 'string' ? Sid : '',
    effect: Effect,
    principals: isRecord(Principal) ? Object.values(Principal).flatMap(textsOf) : textsOf(Principal),
    actions: textsOf(Action),
    resources: textsOf(Resource),
    allBut: { actions: textsOf(NotAction), resources: textsOf(NotResource) },
    conditions: conditionsOf(Condition),
    told,
  };
}

function conditionsOf(told: unknown): Conditions {
  if (!isRecord(told)) return {};
  return Object.fromEntries(
    Object.entries(told).map(([operator, keys]) => [
      operator,
      Object.fromEntries(
        Object.entries(isRecord(keys) ? keys : {}).map(([key, values]) => [
          key.toLowerCase(),
          textsOf(values),
        ]),
      ),
    ]),
  );
}

/** One value or several, each as text: JSON has true and "true" mean the same here. */
function textsOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Question {
  readonly action: string;
  readonly resource: string;
}

/** Whether a statement speaks of an action on a resource, whoever does it and under whatever condition. */
export function speaksOf({ actions, resources, allBut }: Statement, { action, resource }: Question): boolean {
  const named = (patterns: readonly string[], value: string) => patterns.some((one) => covers(one, value));
  const wantedAction = action.toLowerCase();
  const doneIt =
    actions.length > 0
      ? named(actions.map(lower), wantedAction)
      : allBut.actions.length > 0 && !named(allBut.actions.map(lower), wantedAction);
  const onIt =
    resources.length > 0
      ? named(resources.map(anyPartition), resource)
      : allBut.resources.length > 0 && !named(allBut.resources.map(anyPartition), resource);
  return doneIt && onIt;
}

/** Whether everybody is denied each of the questions, under a condition that is asked about (none when not given). */
export function deniesAll(
  statements: readonly Statement[],
  questions: readonly Question[],
  condition: (conditions: Conditions) => boolean = (conditions) => Object.keys(conditions).length === 0,
): boolean {
  const denials = statements.filter(
    ({ effect, principals, conditions }) =>
      effect === 'Deny' && principals.includes('*') && condition(conditions),
  );
  return questions.every((question) => denials.some((denial) => speaksOf(denial, question)));
}

/** The only condition, with its value. */
export function onlyCondition(conditions: Conditions, operator: string, key: string): string | undefined {
  const [[only, keys] = [], ...more] = Object.entries(conditions);
  if (only !== operator || more.length > 0 || Object.keys(keys ?? {}).length !== 1) return undefined;
  return keys?.[key]?.[0];
}

/** Patterns of policies: `*` is anything, `?` one character. Linear in effect: a policy may be somebody else's. */
function covers(pattern: string, value: string): boolean {
  let [at, inside, star, resume] = [0, 0, -1, 0];
  while (at < value.length) {
    if (pattern[inside] === '*') [star, resume, inside] = [inside, at, inside + 1];
    else if (inside < pattern.length && (pattern[inside] === '?' || pattern[inside] === value[at]))
      [at, inside] = [at + 1, inside + 1];
    else if (star >= 0) [resume, at, inside] = [resume + 1, resume + 1, star + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(inside));
}

const lower = (text: string) => text.toLowerCase();
const anyPartition = (arn: string) => arn.replace(/^arn:aws[a-z-]*:/, 'arn:aws:');
