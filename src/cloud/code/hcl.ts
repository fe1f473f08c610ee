/** Terraform's language, as far as it is written here: blocks, attributes, expressions. */

/** Text that stands in the file as it is: a reference, a call. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Value =
  | string
  | number
  | boolean
  | Expression
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

export interface Block {
  /** `resource "aws_s3_bucket" "name"` */
  readonly head: readonly [string, ...string[]];
  readonly body: Body;
}

/** Attributes, then blocks within. An attribute that is undefined is left out. */
export interface Body {
  readonly attributes?: Readonly<Record<string, Value | undefined>>;
  readonly blocks?: readonly Block[];
}

export function block(
  head: Block['head'],
  attributes: NonNullable<Body['attributes']>,
  blocks: readonly Block[] = [],
): Block {
  return { head, body: { attributes, blocks } };
}

/** Two spaces, and the signs of equality of neighbours below each other. */
export function writeBlocks(blocks: readonly Block[]): string {
  return blocks.map((one) => linesOf(one).join('\n')).join('\n\n');
}

function linesOf({ head, body }: Block): readonly string[] {
  const [type, ...labels] = head;
  const opening = [type, ...labels.map(quoted)].join(' ');
  const attributes = attributeLines(body.attributes ?? {});
  const blocks = (body.blocks ?? []).flatMap((one, index) => [
    ...(index > 0 || attributes.length > 0 ? [''] : []),
    ...linesOf(one),
  ]);
  const inside = [...attributes, ...blocks].map((line) => (line === '' ? '' : `  ${line}`));
  return inside.length === 0 ? [`${opening} {}`] : [`${opening} {`, ...inside, '}'];
}

function attributeLines(attributes: Readonly<Record<string, Value | undefined>>): readonly string[] {
  const given = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, lines: valueLines(value) }],
  );
  return given.flatMap(({ name, lines: [first = '', ...more] }, index) => {
    // An attribute of several lines ends a group of neighbours.
    const group = neighbours(given, index);
    const width = Math.max(...group.map((one) => one.name.length));
    return [`${name.padEnd(width)} = ${first}`, ...more];
  });
}

interface Lines {
  readonly name: string;
  readonly lines: readonly string[];
}

function neighbours(all: readonly Lines[], index: number): readonly Lines[] {
  let [from, to] = [index, index];
  while (from > 0 && (all[from - 1]?.lines.length ?? 2) === 1) from--;
  while (to < all.length - 1 && (all[to]?.lines.length ?? 2) === 1) to++;
  return all.slice(from, to + 1);
}

function valueLines(value: Value): readonly string[] {
  if (typeof value === 'string') return [quoted(value)];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (value instanceof Expression) return value.text.split('\n');
  if (Array.isArray(value)) return listLines(value);
  const entries = Object.entries(value as Readonly<Record<string, Value | undefined>>);
  const named = entries.map(([name, one]) => [isName(name) ? name : quoted(name), one] as const);
  const inside = attributeLines(Object.fromEntries(named)).map((line) => `  ${line}`);
  return inside.length === 0 ? ['{}'] : ['{', ...inside, '}'];
}

function listLines(values: readonly Value[]): readonly string[] {
  const [only] = values;
  if (values.length === 0) return ['[]'];
  if (values.length === 1 && typeof only === 'string') return [`[${quoted(only)}]`];
  const inside = values.flatMap((one) => {
    const lines = valueLines(one);
    return lines.map((line, index) => `  ${line}${index === lines.length - 1 ? ',' : ''}`);
  });
  return ['[', ...inside, ']'];
}

function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text);
}

/** JSON's escapes are HCL's; what would begin a template is doubled. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, '$&$&');
}

/** A call with one value, such as `jsonencode`. */
export function call(name: string, value: Value): Expression {
  return new Expression(`${name}(${valueLines(value).join('\n')})`);
}
