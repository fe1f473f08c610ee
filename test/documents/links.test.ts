import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '../..');
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** A heading's anchor, as the sites that show Markdown make it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Links to files, with the anchor; what stands in code is no link. */
function linksIn(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function whyBroken(from: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? join(root, from) : join(root, dirname(from), path);
  if (!existsSync(file)) return `${from}: ${link} is not there`;
  if (anchor === undefined) return undefined;
  const anchors = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    anchorOf(heading),
  );
  return anchors.includes(decodeURIComponent(anchor)) ? undefined : `${from}: ${link} has no such heading`;
}

describe('the documents', () => {
  it('are there in both languages where people start', () => {
    for (const name of ['README.md', 'README.ja.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
      assert.ok(documents.includes(name), name);
    }
  });

  for (const document of documents) {
    it(`${document}: its links lead somewhere`, () => {
      const broken = linksIn(readFileSync(join(root, document), 'utf8')).map((link) =>
        whyBroken(document, link),
      );
      assert.deepEqual(
        broken.filter((one) => one !== undefined),
        [],
      );
    });
  }

  it('would notice a broken link', () => {
    assert.deepEqual(linksIn('a [b](c.md#d) `[e](f.md)` <https://g> [h](https://i)'), ['c.md#d']);
    assert.match(whyBroken('README.md', 'nothing.md') ?? '', /is not there/);
    assert.match(whyBroken('README.md', 'README.md#nothing') ?? '', /no such heading/);
    assert.equal(anchorOf('Restoring by hand: `cp`'), 'restoring-by-hand-cp');
  });
});
