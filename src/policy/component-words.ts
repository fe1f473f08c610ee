/** What a component holds, in words. */
import type { Bilingual } from '../base/language.ts';
import type { Component } from './policy-file.ts';
import { say } from './wording.ts';

export function componentWords(components: Readonly<Record<string, Component>>): Bilingual {
  const parts = Object.entries(components).map(([name, component]) => ({ name, what: contentOf(component) }));
  return {
    en: parts.map(({ name, what }) => `${name} (${what.en})`).join(', '),
    ja: parts.map(({ name, what }) => `${name}（${what.ja}）`).join('、'),
  };
}

const contentTexts = {
  files: { en: 'the content of {paths}', ja: '{paths} の中身' },
  list: { en: '{paths}', ja: '{paths}' },
  excluding: { en: '{content} without {globs}', ja: '{content}（{globs} を除く）' },
  including: { en: '{content}, only {globs}', ja: '{content}のうち {globs} のみ' },
  command: { en: 'the output of {command} as {file}', ja: '{command} の出力を {file} として' },
  database: { en: '{kind} at {server}: {databases}', ja: '{server} の {kind}: {databases}' },
  all: { en: 'all databases', ja: 'すべてのデータベース' },
  volume: { en: 'the Docker volume {volume}', ja: 'Docker ボリューム {volume}' },
} as const satisfies Record<string, Bilingual>;

function contentOf(component: Component): Bilingual {
  const { files, command } = component;
  if (files !== undefined) {
    const template = files.layout === 'folder' ? contentTexts.files : contentTexts.list;
    let content = say(template, { paths: files.roots });
    const { include, exclude } = component;
    if (include !== undefined) content = say(contentTexts.including, { content, globs: include });
    return exclude === undefined ? content : say(contentTexts.excluding, { content, globs: exclude });
  }
  if (command !== undefined) {
    return say(contentTexts.command, { command: command.argv.join(' '), file: command.file });
  }
  const volume = component['docker-volume'];
  if (volume !== undefined) return say(contentTexts.volume, { volume: volume.volume });
  const { mysql, postgres } = component;
  const database = mysql ?? postgres;
  if (database === undefined) throw new TypeError('a component without a kind');
  const server = database.docker ?? database.socket ?? database.host ?? '';
  const databases = database.databases === 'all' ? contentTexts.all : database.databases.join(', ');
  return say(contentTexts.database, {
    kind: mysql === undefined ? 'PostgreSQL' : 'MySQL',
    server,
    databases,
  });
}
