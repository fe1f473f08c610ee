/**
 * Which entries of a component are captured: the `include` and `exclude` globs.
 *
 * - `*` stands for any characters but a slash, `?` for one, `[ab]` and `[!ab]` for one of a set, `{a,b}` for either
 *   (not nested), `**` between slashes for any number of folders; a backslash takes the meaning from what follows it.
 *   Nothing else is special, and names that begin with a dot are like any other.
 * - A pattern without a slash (other than one at its end) matches a name at any depth. One with a slash is anchored at
 *   the component's root, with or without a slash before it: with the layout `folder` that is the root folder, with the
 *   layout `list` it is `/`, so that patterns are absolute paths.
 * - A slash at the end: folders only. `a/**` matches what lies in `a`, and not `a` itself.
 * - An excluded folder is not entered. Where `include` is given, only matching entries are kept, everything below
 *   a matching folder, and the folders that lead there. `exclude` wins. The roots themselves are always kept.
 * - A byte of a name that is not UTF-8 counts as one character, U+FFFD.
 */
import { isAscii, nameOf, type RawPath } from '../../base/raw-path.ts';
import type { Origin } from '../../model/snapshot.ts';

export type FilesOrigin = Extract<Origin, { kind: 'files' }>;

/** `kept`: with all that lies below and isn't excluded. `leads`: a folder that is kept if something in it is. */
export type Choice = 'kept' | 'leads' | 'left-out';

export interface Selection {
  /** `within`: the folder that it lies in is `kept`, or is a root that everything is kept of */
  choose(path: RawPath, isFolder: boolean, within: boolean): Choice;
  /** whether everything (but what is excluded) below a root is kept */
  keepsAllOf(root: RawPath): boolean;
}

const everything: Selection = { choose: () => 'kept', keepsAllOf: () => true };

export async function openSelection(origin: Pick<FilesOrigin, 'include' | 'exclude'>): Promise<Selection> {
  if (origin.include.length === 0 && origin.exclude.length === 0) return everything;
  const compile = await openGlobs();
  const include = new PatternSet(origin.include, compile);
  const exclude = new PatternSet(origin.exclude, compile);
  const all = origin.include.length === 0;
  return {
    choose(path, isFolder, within) {
      const text = matchableText(path);
      const name = nameOf(text);
      if (exclude.matches(text, name, isFolder)) return 'left-out';
      if (within || include.matches(text, name, isFolder)) return 'kept';
      return isFolder ? 'leads' : 'left-out';
    },
    keepsAllOf: (root) => all || include.matchesSome(foldersOf(root)),
  };
}

type Test = (text: string) => boolean;

class PatternSet {
  readonly #patterns: readonly { test: Test; anchored: boolean; foldersOnly: boolean }[];

  constructor(globs: readonly string[], compile: (glob: string) => Test) {
    this.#patterns = globs.map((glob) => {
      const foldersOnly = glob.endsWith('/');
      const bare = foldersOnly ? glob.slice(0, -1) : glob;
      const anchored = bare.includes('/');
      return { test: compile(bare.startsWith('/') ? bare.slice(1) : bare), anchored, foldersOnly };
    });
  }

  matches(path: string, name: string, isFolder: boolean): boolean {
    for (const { test, anchored, foldersOnly } of this.#patterns) {
      if ((isFolder || !foldersOnly) && test(anchored ? path : name)) return true;
    }
    return false;
  }

  matchesSome(folders: readonly RawPath[]): boolean {
    return folders.some((folder) => this.matches(matchableText(folder), matchableText(nameOf(folder)), true));
  }
}

async function openGlobs(): Promise<(glob: string) => Test> {
  const { default: picomatch } = await import('picomatch');
  return (glob) => {
    const expression = picomatch.makeRe(withoutExtras(glob), {
      dot: true,
      // A name may hold newlines.
      flags: 's',
      // `[!a]` is what `[^a]` is, and neither matches a name that is spelled like it.
      posix: true,
      literalBrackets: false,
      // Otherwise `a/**` would match `a`.
      strictSlashes: true,
      nonegate: true,
      noextglob: true,
      windows: false,
      // The short cut for a few frequent patterns reads `*.*` otherwise: it wants something behind the dot.
      fastpaths: false,
    });
    return (text) => expression.test(text);
  };
}

/** Takes the meaning from what picomatch knows beyond this grammar; `copy (1)|+.txt` is a name like any other. */
function withoutExtras(glob: string): string {
  return glob.replace(globParts, (part, either: string | undefined) => {
    // In braces two dots would be a range of numbers.
    if (either !== undefined) return `{${withoutExtras(either).replaceAll('..', '\\.\\.')}}`;
    // Several backslashes at the end of a pattern make picomatch 4.0.7 look for its end for ever; in a set they don't.
    if (part === '\\\\') return '[\\\\]';
    return part.length > 1 ? part : `\\${part}`;
  });
}

/** What has a meaning and keeps it (escapes, sets, braces with a comma in them), then what would have one. */
const globParts = /\\.|\[[!^]?\]?[^\]]*\]|\{((?:\\.|[^{}\\,])*,(?:\\.|[^{}\\])*)\}|[()|!+@#^$"{}]/gs;

/** A path and the folders above it, below the component's root. */
function foldersOf(path: RawPath): RawPath[] {
  const folders: RawPath[] = [];
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    folders.push(path.slice(0, end) as RawPath);
  }
  return path === '' ? [] : [...folders, path];
}

const utf8Sequences =
  /(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+|./gs;

/** The text that a pattern is matched with. */
export function matchableText(path: RawPath): RawPath {
  if (isAscii(path)) return path;
  return path.replace(utf8Sequences, (part) =>
    part.length === 1 && part > '\x7f' ? '\ufffd' : Buffer.from(part, 'latin1').toString('utf8'),
  ) as RawPath;
}
