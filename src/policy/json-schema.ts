/** The policy's schema for editors, and its reference page: both come from the descriptions of the fields. */
import * as z from 'zod';
import type { About } from './fields.ts';
import { policySchema } from './schema.ts';

/** As text, so that what is committed can be compared byte by byte. */
export function policyJsonSchema(): string {
  return `${JSON.stringify(schemaOf(policySchema), undefined, 2)}\n`;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function schemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const told = z.globalRegistry.get(zodSchema);
      // Dropped by zod where a text is read into something else, and yet they are what one writes.
      if (Array.isArray(told?.examples)) jsonSchema.examples = told.examples;
      // What the Japanese page and the prose tell is not of JSON Schema.
      delete jsonSchema.ja;
      delete jsonSchema.byDefault;
      if (zodSchema._zod.def.type === 'default') setDefault(zodSchema, jsonSchema, told?.byDefault);
    },
  });
}

/** A default is kept as what the text means, milliseconds for `10m`, and told as it would be written. */
function setDefault(schema: z.core.$ZodType, json: JsonSchema, told: unknown): void {
  const value: unknown = Reflect.get(schema._zod.def, 'defaultValue');
  const hasNumbers =
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((part) => typeof part === 'number');
  if (typeof told === 'string') json.default = told;
  else if (hasNumbers) delete json.default;
  else json.default = value;
}

/** docs/reference/policy.md: every key with what it means, in both languages. */
export function policyReference(): string {
  const lines = [
    '# The policy file / ポリシーファイル',
    '',
    'Generated from the schema. Durations are written like `30m`, `24h`, `90d`; rates like `2MB/s`. An unknown key is a mistake.',
    'スキーマから生成しています。期間は `30m`、`24h`、`90d`、速度は `2MB/s` のように書きます。未知のキーは誤りとして扱います。',
    '',
  ];
  for (const [path, schema] of fieldsOf(policySchema, '')) lines.push(...entryOf(path, schema), '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function entryOf(path: string, schema: z.core.$ZodType): readonly string[] {
  const told = aboutOf(schema);
  const facts = [typeText(schema)];
  const { required, fallback } = presence(schema);
  if (required) facts.push('required / 必須');
  const byDefault = told?.byDefault ?? (fallback === undefined ? undefined : JSON.stringify(fallback));
  if (byDefault !== undefined) facts.push(`default / 既定: \`${byDefault}\``);
  const examples = (told?.examples ?? []).map((example) => `\`${flow(example)}\``);
  if (examples.length > 0) facts.push(`e.g. / 例: ${examples.join(', ')}`);
  return [`## \`${path}\``, '', told?.description ?? '', told?.ja ?? '', '', facts.join(' · ')];
}

/** Every key that can be written, parents first: `targets.<name>.components.<name>.files`. */
function* fieldsOf(schema: z.core.$ZodType, path: string): Generator<readonly [string, z.core.$ZodType]> {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) {
    for (const [key, value] of Object.entries(inner.shape)) {
      const own = path === '' ? key : `${path}.${key}`;
      yield [own, value];
      yield* fieldsOf(value, own);
    }
  } else if (inner instanceof z.ZodRecord) {
    const names = inner.keyType instanceof z.ZodEnum ? inner.keyType.options.join('|') : 'name';
    yield* fieldsOf(inner.valueType, `${path}.<${names}>`);
  }
}

/** Without what surrounds the type itself: optional, default, the reading of a text. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return bare(schema.def.innerType);
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

function aboutOf(schema: z.core.$ZodType): Partial<About> | undefined {
  const told = z.globalRegistry.get(schema);
  if (told?.description !== undefined) return told as Partial<About>;
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? aboutOf(schema.def.innerType)
    : undefined;
}

function presence(schema: z.core.$ZodType): { required: boolean; fallback: unknown } {
  if (schema instanceof z.ZodDefault) {
    const value: unknown = schema.def.defaultValue;
    const told = typeof value !== 'object' || value === null ? value : undefined;
    return { required: false, fallback: told };
  }
  return { required: !(schema instanceof z.ZodOptional), fallback: undefined };
}

function typeText(schema: z.core.$ZodType): string {
  const inner = bare(schema);
  if (inner instanceof z.ZodUnion) return inner.options.map((option) => typeText(option)).join(' | ');
  if (inner instanceof z.ZodEnum) return inner.options.map((option) => `\`${option}\``).join(' | ');
  if (inner instanceof z.ZodLiteral)
    return [...inner.values].map((value) => `\`${String(value)}\``).join(' | ');
  if (inner instanceof z.ZodArray) return `list of / リスト (${typeText(inner.element)})`;
  if (inner instanceof z.ZodObject || inner instanceof z.ZodRecord) return 'keys with values / キーと値の組';
  if (inner instanceof z.ZodNumber) return 'number / 数値';
  if (inner instanceof z.ZodBoolean) return '`true` | `false`';
  return 'text / 文字列';
}

/** A value as YAML writes it in one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => flow(item)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    const text = String(value);
    return /[*{}[\],]|: |^$/.test(text) ? JSON.stringify(text) : text;
  }
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${flow(inner)}`)
    .join(', ')} }`;
}
