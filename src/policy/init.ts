/** Writes a first policy from what a machine has. What it writes loads without a mistake. */
import { basename } from 'node:path';
import { isTimeZone } from '../base/calendar.ts';
import type { Bilingual, Language } from '../base/language.ts';
import { type Discovery, discover, type InitHost } from './discovery.ts';
import { isReservedName } from './names.ts';
import { isWithin } from './paths.ts';

const comments = {
  head: {
    en: 'Policy of hikae, written from what was found on this machine. Read it, change it, then run\n`hikae policy check` and `hikae policy explain`. All keys: docs/reference/policy.md',
    ja: 'hikae のポリシーです。このマシンで見つかったものから作成しました。内容を確認して必要に応じて直し、\n`hikae policy check` と `hikae policy explain` を実行してください。全キーの説明: docs/reference/policy.md',
  },
  state: { en: 'record of runs and caches', ja: '実行記録とキャッシュ' },
  targets: { en: 'what is protected', ja: '守る対象' },
  mail: { en: 'mail folders', ja: 'メールフォルダー' },
  web: { en: 'web sites', ja: 'ウェブサイト' },
  wordpress: {
    en: 'WordPress, which keeps its pages in a database: the files alone are not enough',
    ja: 'WordPress です。記事はデータベースにあるため、ファイルだけでは足りません',
  },
  srv: {
    en: 'other folders of /srv; what is named above is left out here',
    ja: '/srv のその他のフォルダー。上に挙げたものは除外しています',
  },
  home: {
    en: 'home folders, with any mail folders in them',
    ja: 'ホームフォルダー（中のメールフォルダーを含む）',
  },
  database: {
    en: 'a {name} server was found. Its files cannot be copied while it runs; say which databases to dump:',
    ja: '{name} サーバーが見つかりました。稼働中のファイルはコピーできないため、ダンプするデータベースを書いてください:',
  },
  vaults: { en: 'where snapshots are kept', ja: 'スナップショットの保管先' },
  disk: {
    en: 'a disk of its own; nothing is written while it is not mounted',
    ja: '専用のディスクです。マウントされていない間は書き込みません',
  },
  sameDisk: {
    en: 'This is the same disk as the data: it helps against mistakes, not against the loss of the disk.\nNo other disk was found. Mount one, put its path here, and add `mounted: /its/mount/point`.',
    ja: 'データと同じディスクです。誤操作には有効ですが、ディスクの故障には役立ちません。\n別のディスクが見つかりませんでした。マウントしてそのパスに変え、`mounted: /マウントポイント` を加えてください。',
  },
  keep: {
    en: 'days and ISO weeks that have a complete snapshot',
    ja: '完全なスナップショットがある日数と ISO 週数',
  },
  schedules: {
    en: 'when; times are those of `timezone`',
    ja: 'いつ実行するか。時刻は `timezone` のものです',
  },
} as const satisfies Record<string, Bilingual>;

const databaseLines = {
  mysql: {
    name: 'MySQL / MariaDB',
    line: 'mysql: { mysql: { socket: /run/mysqld/mysqld.sock, databases: all } }',
  },
  postgres: {
    name: 'PostgreSQL',
    line: 'postgres: { postgres: { socket: /run/postgresql, databases: all } }',
  },
} as const;

export async function initPolicy(
  host: InitHost,
  { language, signal }: { language: Language; signal: AbortSignal },
): Promise<string> {
  return policyText(host, await discover(host, { signal }), language);
}

function policyText(host: InitHost, found: Discovery, language: Language): string {
  const lines: string[] = [];
  const comment = (key: keyof typeof comments, indent: string, name = '') => {
    for (const line of comments[key][language].replace('{name}', name).split('\n'))
      lines.push(`${indent}# ${line}`);
  };

  comment('head', '');
  lines.push('version: 1');
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(host.hostname)) lines.push(`host: ${scalar(host.hostname)}`);
  lines.push(`lang: ${language}`);
  if (isTimeZone(host.timezone)) lines.push(`timezone: ${scalar(host.timezone)}`);
  lines.push(`state: /var/lib/hikae  # ${comments.state[language]}`, '');

  comment('targets', '');
  lines.push('targets:', '  system:', '    components:', '      etc: { files: /etc }');
  for (const database of found.databases) {
    comment('database', '      ', databaseLines[database].name);
    lines.push(`      # ${databaseLines[database].line}`);
  }
  const taken = [...found.mail, ...found.web];
  const section = (target: 'mail' | 'web' | 'srv', paths: readonly string[]) => {
    if (paths.length === 0) return;
    lines.push(`  ${target}:`);
    comment(target, '    ');
    lines.push('    components:');
    const names = new Set<string>();
    for (const path of paths) {
      const inside = taken.filter((other) => other !== path && isWithin(other, path));
      if (target === 'web' && found.wordpress.some((site) => isWithin(site, path)))
        comment('wordpress', '      ');
      const exclude = inside.map((other) => scalar(escapedGlob(other.slice(path.length))));
      const rest = exclude.length === 0 ? '' : `, exclude: [${exclude.join(', ')}]`;
      lines.push(`      ${scalar(componentName(path, names))}: { files: ${scalar(path)}${rest} }`);
    }
  };
  section('mail', found.mail);
  section('web', found.web);
  section('srv', found.srv);
  if (found.home) {
    lines.push('  home:');
    comment('home', '    ');
    lines.push('    components:', '      home: { files: /home }');
  }

  lines.push('');
  comment('vaults', '');
  lines.push('vaults:', '  local:');
  comment(found.disk === undefined ? 'sameDisk' : 'disk', '    ');
  if (found.disk === undefined) {
    lines.push('    plain: /var/backups/hikae');
  } else {
    lines.push(`    plain: ${scalar(`${found.disk}/hikae`)}`, `    mounted: ${scalar(found.disk)}`);
  }
  lines.push(`    keep: { daily: 3, weekly: 4 }  # ${comments.keep[language]}`, '');
  comment('schedules', '');
  lines.push(
    'schedules:',
    '  daily: { at: "02:00", to: local }',
    '  weekly: { at: "Sun 04:00", to: local }',
    '',
  );
  return lines.join('\n');
}

/** The folder's own name as far as a name may have its letters, with a number where it is taken. */
function componentName(path: string, taken: Set<string>): string {
  const plain = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 80);
  const base = plain === '' || isReservedName(plain) ? `data-${plain}`.replace(/-$/, '') : plain;
  let name = isReservedName(base) ? 'data' : base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  taken.add(name);
  return name;
}

/** Quoted where YAML would read something else into it. */
function scalar(text: string): string {
  return /^\/?[A-Za-z][\w@%+./-]*$/.test(text) && !/^(?:true|false|null|y|n|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function escapedGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@]/g, '\\$&');
}
