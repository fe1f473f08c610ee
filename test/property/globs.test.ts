/** The globs of a component against a reference that is slow and obvious. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RawPath, rawFromText } from '../../src/base/raw-path.ts';
import { openSelection } from '../../src/source/files/selection.ts';

const runs = { numRuns: process.env.HIKAE_LONG === '1' ? 20_000 : 2_000 };

/** One piece of a pattern: how it is written, and what it matches. */
type Piece =
  | { readonly kind: 'text'; readonly written: string; readonly texts: readonly string[] }
  | { readonly kind: 'one'; readonly written: string; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'any'; readonly written: string };

type Segment = 'folders' | readonly Piece[];

function matchesPieces(pieces: readonly Piece[], name: string): boolean {
  const [piece, ...rest] = pieces;
  if (piece === undefined) return name === '';
  if (piece.kind === 'text') {
    return piece.texts.some((text) => name.startsWith(text) && matchesPieces(rest, name.slice(text.length)));
  }
  if (piece.kind === 'one')
    return name !== '' && piece.accepts(name[0] ?? '') && matchesPieces(rest, name.slice(1));
  for (let length = 0; length <= name.length; length++)
    if (matchesPieces(rest, name.slice(length))) return true;
  return false;
}

function matchesSegments(segments: readonly Segment[], names: readonly string[]): boolean {
  const [segment, ...rest] = segments;
  if (segment === undefined) return names.length === 0;
  if (segment !== 'folders') {
    const [name, ...below] = names;
    return name !== undefined && matchesPieces(segment, name) && matchesSegments(rest, below);
  }
  // At the end: what lies in a folder, at any depth, and not the folder itself.
  if (rest.length === 0) return names.length > 0;
  for (let skipped = 0; skipped <= names.length; skipped++) {
    if (matchesSegments(rest, names.slice(skipped))) return true;
  }
  return false;
}

interface Pattern {
  readonly segments: readonly Segment[];
  readonly before: '' | '/';
  readonly foldersOnly: boolean;
}

function written({ segments, before, foldersOnly }: Pattern): string {
  const names = segments.map((segment) =>
    segment === 'folders' ? '**' : segment.map((piece) => piece.written).join(''),
  );
  return before + names.join('/') + (foldersOnly ? '/' : '');
}

function matches(pattern: Pattern, names: readonly string[], isFolder: boolean): boolean {
  if (pattern.foldersOnly && !isFolder) return false;
  const anchored = pattern.before === '/' || pattern.segments.length > 1;
  return matchesSegments(pattern.segments, anchored ? names : names.slice(-1));
}

/** Whether an entry is captured, from the words of the documentation. */
function isKept(
  include: Pattern[],
  exclude: Pattern[],
  names: readonly string[],
  isFolder: boolean,
): boolean {
  const upTo = names.map((_, index) => names.slice(0, index + 1));
  const folderAt = (path: readonly string[]) => isFolder || path.length < names.length;
  const someMatches = (patterns: Pattern[]) =>
    upTo.some((path) => patterns.some((pattern) => matches(pattern, path, folderAt(path))));
  if (someMatches(exclude)) return false;
  return include.length === 0 || someMatches(include);
}

const characters = [
  'a',
  'b',
  'c',
  '.',
  '-',
  '(',
  ')',
  '|',
  '+',
  '!',
  '@',
  '^',
  '$',
  '#',
  ' ',
  '"',
  '\n',
  '~',
  '=',
  'é',
];
const character = fc.constantFrom(...characters);
const fileName = fc
  .array(character, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((name) => name !== '.' && name !== '..');

const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 5, arbitrary: character.map((text): Piece => ({ kind: 'text', written: text, texts: [text] })) },
  { weight: 2, arbitrary: fc.constant<Piece>({ kind: 'any', written: '*' }) },
  { weight: 1, arbitrary: fc.constant<Piece>({ kind: 'one', written: '?', accepts: () => true }) },
  {
    weight: 1,
    arbitrary: fc.constant<Piece>({ kind: 'one', written: '[ab]', accepts: (c) => 'ab'.includes(c) }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Piece>({ kind: 'one', written: '[!ab]', accepts: (c) => !'ab'.includes(c) }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Piece>({ kind: 'one', written: '[a-c]', accepts: (c) => 'abc'.includes(c) }),
  },
  { weight: 1, arbitrary: fc.constant<Piece>({ kind: 'text', written: '{a,bc}', texts: ['a', 'bc'] }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('{', '}', '{a}', '{1..3}', '\\a')
      .map((text): Piece => ({ kind: 'text', written: text, texts: [text.replace('\\', '')] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('*', '?', '[', ']', '{', '}', '\\')
      .map((text): Piece => ({ kind: 'text', written: `\\${text}`, texts: [text] })),
  },
);
/** No entry is called `.` or `..`, so nothing is promised of patterns that ask for one; `**` is a segment of its own. */
const pieces = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .filter((parts) => !/^\.\.?$|[*]{2}/.test(parts.map((part) => part.written).join('')));
const segment: fc.Arbitrary<Segment> = fc.oneof(
  { weight: 4, arbitrary: pieces },
  { weight: 1, arbitrary: fc.constant<Segment>('folders') },
);
const pattern: fc.Arbitrary<Pattern> = fc.record({
  segments: fc.array(segment, { minLength: 1, maxLength: 3 }),
  before: fc.constantFrom<'' | '/'>('', '/'),
  foldersOnly: fc.boolean(),
});
const path = fc.array(fileName, { minLength: 1, maxLength: 4 });

async function walkTo(include: Pattern[], exclude: Pattern[], names: readonly string[], isFolder: boolean) {
  const selection = await openSelection({ include: include.map(written), exclude: exclude.map(written) });
  let within = selection.keepsAllOf('' as RawPath);
  for (let depth = 1; depth <= names.length; depth++) {
    const isLast = depth === names.length;
    const at = rawFromText(names.slice(0, depth).join('/'));
    const choice = selection.choose(at, !isLast || isFolder, within);
    if (choice === 'left-out') return false;
    within = choice === 'kept';
  }
  return within;
}

test('one pattern matches what the reference says', async () => {
  await fc.assert(
    fc.asyncProperty(pattern, path, fc.boolean(), async (glob, names, isFolder) => {
      assert.equal(
        await walkTo([], [glob], names, isFolder),
        isKept([], [glob], names, isFolder),
        written(glob),
      );
    }),
    runs,
  );
});

test('include and exclude together keep what the reference says', async () => {
  const patterns = fc.array(pattern, { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(patterns, patterns, path, fc.boolean(), async (include, exclude, names, isFolder) => {
      const kept = await walkTo(include, exclude, names, isFolder);
      assert.equal(
        kept,
        isKept(include, exclude, names, isFolder),
        [...include, ...exclude].map(written).join('  '),
      );
    }),
    runs,
  );
});

test('a pattern made from a name matches it', async () => {
  const escaped = (name: string) => name.replace(/[\\*?[\]{}]/g, '\\$&');
  await fc.assert(
    fc.asyncProperty(path, fc.boolean(), async (names, isFolder) => {
      const globs = [
        names.map(escaped).join('/'),
        `/${names.map(escaped).join('/')}`,
        escaped(names.at(-1) ?? ''),
      ];
      for (const glob of globs) {
        const selection = await openSelection({ include: [], exclude: [glob] });
        assert.equal(selection.choose(rawFromText(names.join('/')), isFolder, true), 'left-out', glob);
      }
    }),
    runs,
  );
});
