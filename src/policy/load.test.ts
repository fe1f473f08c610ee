import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HikaeError } from '../base/errors.ts';
import { checkPolicy, loadPolicy, mistakeLine } from './load.ts';
import { type Mistake, type MistakeCode, mistakeTexts } from './mistakes.ts';

const host = { hostname: 'host-of-test', timezone: 'Europe/Berlin', file: '/etc/hikae/policy.yaml' };

const whole = {
  version: 'version: 1',
  targets: 'targets: { a: { components: { c: { files: /src } } } }',
  vaults: 'vaults: { v: { plain: /vault } }',
  schedules: 'schedules: { daily: { at: "02:00", to: v } }',
  more: '',
};

function text(parts: Partial<typeof whole>): string {
  return Object.values({ ...whole, ...parts }).join('\n');
}

function component(inner: string): Partial<typeof whole> {
  return { targets: `targets:\n  a:\n    components:\n      c: { ${inner} }` };
}

function vault(inner: string): Partial<typeof whole> {
  return { vaults: `vaults:\n  v: { ${inner} }` };
}

function daily(inner: string): Partial<typeof whole> {
  return { schedules: `schedules:\n  daily: { ${inner} }` };
}

const s3 = 'restic: s3://bucket-name/x, password: { file: /pw }';

interface Case {
  readonly code: MistakeCode;
  readonly path: string;
  /** the file, with a ¶ where the mistake is to be found */
  readonly file: string;
  readonly suggestion?: string;
}

const cases: readonly Case[] = [
  { code: 'yaml', path: '', file: 'version: 1\ntargets: [¶' },
  { code: 'yaml', path: '', file: text({ more: 'host: ¶!unknown x' }) },
  { code: 'unknown-alias', path: '', file: text({ more: 'host: ¶*nobody' }) },
  { code: 'alias-of-itself', path: '', file: text({ more: 'host: &h [¶*h]' }) },
  { code: 'duplicate-key', path: '', file: text({ more: 'host: a\n¶host: b' }) },
  { code: 'empty', path: '', file: '¶# only a comment\n' },
  {
    code: 'aliases',
    path: '',
    file: `¶a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
  },
  { code: 'unknown-key', path: 'hots', file: text({ more: '¶hots: x' }), suggestion: 'host' },
  {
    code: 'unknown-key',
    path: 'targets.a.components.c.exlude',
    file: text(component('files: /src, ¶exlude: [x]')),
    suggestion: 'exclude',
  },
  {
    code: 'unknown-key',
    path: 'vaults.v.keep.dayly',
    file: text(vault('plain: /vault, keep: { ¶dayly: 3 }')),
    suggestion: 'daily',
  },
  {
    code: 'unknown-key',
    path: 'schedules.dialy',
    file: text({
      schedules: 'schedules:\n  ¶dialy: { at: "02:00", to: v }\n  weekly: { at: "Sun 04:00", to: v }',
    }),
    suggestion: 'daily',
  },
  { code: 'unknown-key', path: 'notify.pager', file: text({ more: 'notify: { ¶pager: x }' }) },
  { code: 'missing', path: 'version', file: `¶${text({ version: 'lang: en' })}` },
  {
    code: 'missing',
    path: 'schedules.daily.to',
    file: text({ schedules: 'schedules:\n  ¶daily: { at: "02:00" }' }),
  },
  { code: 'missing', path: 'targets.a.components', file: text({ targets: 'targets:\n  ¶a: {}' }) },
  { code: 'type', path: 'host', file: text({ more: 'host: ¶12' }) },
  { code: 'type', path: 'targets.a', file: text({ targets: 'targets:\n  ¶a:' }) },
  { code: 'type', path: 'targets.a.components.c.files', file: text(component('files: ¶3')) },
  {
    code: 'type',
    path: 'targets.a.before[0]',
    file: text({ targets: 'targets:\n  a:\n    components: { c: { files: /src } }\n    before: [¶echo]' }),
  },
  { code: 'choice', path: 'lang', file: text({ more: 'lang: ¶jp' }), suggestion: 'ja' },
  { code: 'choice', path: 'version', file: text({ version: 'version: ¶2' }) },
  {
    code: 'choice',
    path: 'vaults.v.lock.mode',
    file: text(vault(`${s3}, lock: { mode: ¶complience, for: 9d }`)),
    suggestion: 'compliance',
  },
  { code: 'too-small', path: 'vaults.v.keep.daily', file: text(vault('plain: /vault, keep: { daily: ¶0 }')) },
  {
    code: 'too-large',
    path: 'vaults.v.keep.daily',
    file: text(vault('plain: /vault, keep: { daily: ¶10001 }')),
  },
  { code: 'too-few', path: 'targets.a.components.c.files', file: text(component('files: ¶[]')) },
  { code: 'empty-text', path: 'vaults.v.region', file: text(vault(`${s3}, region: ¶""`)) },
  {
    code: 'format',
    path: 'targets.a.components.c.docker-volume.volume',
    file: text(component('docker-volume: { volume: ¶a/b }')),
  },
  {
    code: 'name',
    path: 'targets.Mail',
    file: text({ targets: 'targets:\n  ¶Mail: { components: { c: { files: /src } } }' }),
  },
  {
    code: 'name',
    path: 'targets.a.components.-c',
    file: text({ targets: 'targets:\n  a: { components: { ¶-c: { files: /src } } }' }),
  },
  {
    code: 'reserved-name',
    path: 'targets.latest',
    file: text({ targets: 'targets:\n  ¶latest: { components: { c: { files: /src } } }' }),
  },
  {
    code: 'reserved-name',
    path: 'targets.a.components.checksums.sha256',
    file: text({ targets: 'targets:\n  a: { components: { ¶checksums.sha256: { files: /src } } }' }),
  },
  {
    code: 'reserved-name',
    path: 'targets.a.components..hikae',
    file: text({ targets: 'targets:\n  a: { components: { ¶.hikae: { files: /src } } }' }),
  },
  {
    code: 'reserved-name',
    path: 'targets.a.components.x.partial',
    file: text({ targets: 'targets:\n  a: { components: { ¶x.partial: { files: /src } } }' }),
  },
  {
    code: 'file-name',
    path: 'targets.a.components.c.command.file',
    file: text(component('command: { argv: [ls], file: ¶a/b }')),
  },
  { code: 'absolute-path', path: 'targets.a.components.c.files', file: text(component('files: ¶srv/x')) },
  {
    code: 'absolute-path',
    path: 'targets.a.components.c.files',
    file: text(component('files: ¶/srv/../etc')),
  },
  {
    code: 'absolute-path',
    path: 'targets.a.components.c.files[1]',
    file: text(component('files: [/a, ¶~/b]')),
  },
  {
    code: 'glob',
    path: 'targets.a.components.c.exclude[0]',
    file: text(component('files: /src, exclude: [¶""]')),
  },
  {
    code: 'argv',
    path: 'targets.a.components.c.command.argv',
    file: text(component('command: { argv: ¶[], file: x }')),
  },
  {
    code: 'duration',
    path: 'targets.a.rpo',
    file: text({ targets: 'targets:\n  a:\n    components: { c: { files: /src } }\n    rpo: ¶1 day' }),
  },
  {
    code: 'rate',
    path: 'vaults.v.limits.upload',
    file: text(vault('plain: /vault, limits: { upload: ¶2MB }')),
  },
  {
    code: 'line',
    path: 'vaults.v.limits.line',
    file: text(vault('plain: /vault, limits: { line: ¶10MB }')),
  },
  {
    code: 'share',
    path: 'vaults.v.limits.cpu',
    file: text(vault('plain: /vault, limits: { cpu: ¶"110%" }')),
  },
  {
    code: 'only-for',
    path: 'vaults.v.limits.share',
    file: text(vault('plain: /vault, limits: { ¶share: 50% }')),
  },
  {
    code: 'timeout-bounds',
    path: 'targets.a.timeout',
    file: text({ targets: 'targets:\n  a:\n    components: { c: { files: /src } }\n    timeout: ¶2d' }),
  },
  {
    code: 'wait-bounds',
    path: 'targets.a.retry.wait',
    file: text({
      targets: 'targets:\n  a:\n    components: { c: { files: /src } }\n    retry: { wait: ¶2h }',
    }),
  },
  {
    code: 'lock-bounds',
    path: 'vaults.v.lock.for',
    file: text(vault(`${s3}, lock: { mode: compliance, for: ¶400d }`)),
  },
  {
    code: 'generation-bounds',
    path: 'vaults.v.lock.generation',
    file: text(vault(`${s3}, lock: { mode: compliance, for: 90d, generation: ¶1h }`)),
  },
  { code: 'time-zone', path: 'timezone', file: text({ more: 'timezone: ¶Asia/Tokio' }) },
  { code: 'at', path: 'schedules.daily.at', file: text(daily('at: ¶"25:00", to: v')) },
  {
    code: 'weekday-missing',
    path: 'schedules.weekly.at',
    file: text({ schedules: 'schedules:\n  weekly: { at: ¶"04:00", to: v }' }),
  },
  { code: 'weekday-extra', path: 'schedules.daily.at', file: text(daily('at: ¶"Sun 04:00", to: v')) },
  { code: 'location', path: 'vaults.v.plain', file: text(vault('plain: ¶ftp://x/y')) },
  { code: 'endpoint', path: 'vaults.v.endpoint', file: text(vault(`${s3}, endpoint: ¶localhost`)) },
  {
    code: 'environment-name',
    path: 'vaults.v.password.env',
    file: text(vault('restic: /vault, password: { env: ¶A-B }')),
  },
  { code: 'host', path: 'host', file: text({ more: 'host: ¶a b' }) },
  {
    code: 'address',
    path: 'notify.mail.to',
    file: text({ more: 'notify: { mail: { to: ¶nobody, smtp: { host: localhost } } }' }),
  },
  {
    code: 'currency',
    path: 'cost.currency',
    file: text({ more: 'cost: { currency: ¶yen, rate: 150, warning: 1, critical: 2 }' }),
  },
  { code: 'secret', path: 'vaults.v.password', file: text(vault('restic: /vault, password: ¶hunter2')) },
  {
    code: 'one-of',
    path: 'targets.a.components.c',
    file: text({
      targets:
        'targets:\n  a:\n    components:\n      ¶c: { exclude: [x], files: /a, command: { argv: [ls], file: x } }',
    }),
  },
  { code: 'one-of', path: 'vaults.v', file: text({ vaults: 'vaults:\n  ¶v: {}' }) },
  { code: 'no-target', path: 'targets', file: text({ targets: '¶targets: {}' }) },
  {
    code: 'no-component',
    path: 'targets.a.components',
    file: text({ targets: 'targets:\n  a:\n    ¶components: {}' }),
  },
  { code: 'no-vault', path: 'vaults', file: text({ vaults: '¶vaults: {}' }) },
  { code: 'no-schedule', path: 'schedules', file: text({ schedules: '¶schedules: {}' }) },
  {
    code: 'only-for',
    path: 'targets.a.components.c.exclude',
    file: text(component('command: { argv: [ls], file: x }, ¶exclude: [x]')),
  },
  { code: 'only-for', path: 'vaults.v.region', file: text(vault('plain: /vault, ¶region: x')) },
  { code: 'only-for', path: 'vaults.v.mounted', file: text(vault(`${s3}, ¶mounted: /mnt`)) },
  { code: 'only-for', path: 'vaults.v.password', file: text(vault('plain: /vault, ¶password: { env: X }')) },
  { code: 'needs-password', path: 'vaults.v', file: text({ vaults: 'vaults:\n  ¶v: { restic: /vault }' }) },
  {
    code: 'unknown-vault',
    path: 'schedules.daily.to',
    file: text(daily('at: "02:00", to: ¶vv')),
    suggestion: 'v',
  },
  {
    code: 'unknown-vault',
    path: 'schedules.daily.copyTo[0]',
    file: text(daily('at: "02:00", to: v, copyTo: [¶elsewhere]')),
  },
  {
    code: 'unknown-vault',
    path: 'drill.monthly',
    file: text({ more: 'drill: { monthly: ¶randon }' }),
    suggestion: 'random',
  },
  {
    code: 'unknown-target',
    path: 'schedules.daily.targets[0]',
    file: text(daily('at: "02:00", to: v, targets: [¶aa]')),
    suggestion: 'a',
  },
  {
    code: 'copy-to-itself',
    path: 'schedules.daily.copyTo[0]',
    file: text(daily('at: "02:00", to: v, copyTo: [¶v]')),
  },
  {
    code: 'twice',
    path: 'schedules.daily.targets[1]',
    file: text(daily('at: "02:00", to: v, targets: [a, ¶a]')),
  },
  {
    code: 'same-path',
    path: 'vaults.w.plain',
    file: text({ vaults: 'vaults:\n  v: { plain: /vault }\n  w: { plain: ¶/vault/ }' }),
  },
  {
    code: 'same-path',
    path: 'targets.a.components.d.files',
    file: text({
      targets: 'targets:\n  a:\n    components:\n      c: { files: /src }\n      d: { files: ¶/src/ }',
    }),
  },
  {
    code: 'same-path',
    path: 'targets.a.components.c.files[1]',
    file: text(component('files: [/src, ¶/src]')),
  },
  {
    code: 'overlap',
    path: 'targets.a.components.c.files[0]',
    file: text(component('files: [¶/src/a, /src]')),
  },
  { code: 'vault-in-source', path: 'vaults.v.plain', file: text(vault('plain: ¶/src/vault')) },
  {
    code: 'vault-in-source',
    path: 'vaults.v.plain',
    file: text({ ...component('files: /'), ...vault('plain: ¶/vault') }),
  },
  {
    code: 'vault-in-source',
    path: 'vaults.v.plain',
    file: text({
      ...component('files: /mnt, oneFileSystem: false'),
      ...vault('plain: ¶/mnt/disk/vault, mounted: /mnt/disk'),
    }),
  },
  {
    code: 'vault-in-source',
    path: 'vaults.v.plain',
    file: text({ ...component('files: /mnt/disk'), ...vault('plain: ¶/mnt/disk/vault, mounted: /mnt/disk') }),
  },
  {
    code: 'source-in-vault',
    path: 'targets.a.components.c.files',
    file: text(component('files: ¶/vault/daily')),
  },
  { code: 'source-in-vault', path: 'targets.a.components.c.files', file: text(component('files: ¶/vault')) },
  {
    code: 'vault-in-vault',
    path: 'vaults.w',
    file: text({ vaults: 'vaults:\n  v: { plain: /vault }\n  ¶w: { plain: /vault/w }' }),
  },
  {
    code: 'mounted',
    path: 'vaults.v.mounted',
    file: text(vault('plain: /mnt/disk/vault, mounted: ¶/mnt/dis')),
  },
  {
    code: 'amounts',
    path: 'cost.critical',
    file: text({ more: 'cost: { rate: 150, warning: 10, critical: ¶5 }' }),
  },
];

function marked(file: string): { plain: string; line: number; column: number } {
  const before = file.slice(0, file.indexOf('¶'));
  const line = before.split('\n').length;
  return { plain: file.replace('¶', ''), line, column: before.length - before.lastIndexOf('\n') };
}

function mistakesIn(file: string): readonly Mistake[] {
  const checked = checkPolicy(file, host);
  return checked.ok ? [] : checked.mistakes;
}

describe('each kind of mistake', () => {
  for (const { code, path, file, suggestion } of cases) {
    test(`${code} at ${path || 'the file'}`, () => {
      const { plain, line, column } = marked(file);
      const [mistake, ...others] = mistakesIn(plain);
      assert.ok(mistake !== undefined, 'no mistake was found');
      assert.deepEqual(
        {
          code: mistake.code,
          path: mistake.path,
          suggestion: mistake.suggestion,
          at: `${mistake.line}:${mistake.column}`,
        },
        { code, path, suggestion, at: `${line}:${column}` },
      );
      assert.deepEqual(
        others.map((other) => other.code),
        [],
        'one mistake is told once',
      );
      for (const told of [mistakeLine(mistake, 'en'), mistakeLine(mistake, 'ja')]) {
        assert.doesNotMatch(told, /\{\w+\}/, 'a placeholder without a value');
        if (suggestion !== undefined) assert.ok(told.includes(`"${suggestion}"`));
      }
      assert.match(mistake.text.ja, /[\u3040-\u30ff\u4e00-\u9fff]/);
    });
  }

  test('no kind is left out', () => {
    const seen = new Set(cases.map((one) => one.code));
    assert.deepEqual(
      Object.keys(mistakeTexts).filter((code) => !seen.has(code as MistakeCode)),
      [],
    );
  });
});

describe('checkPolicy', () => {
  test('takes the least that a policy can be, and fills in the rest', () => {
    const checked = checkPolicy(text({}), host);
    assert.ok(checked.ok);
    const { policy } = checked;
    assert.equal(policy.host, 'host-of-test');
    assert.equal(policy.timezone, 'Europe/Berlin');
    assert.equal(policy.state, '/var/lib/hikae');
    assert.equal(policy.lang, undefined);
    assert.deepEqual(policy.targets.a?.retry, { times: 2, wait: 10_000 });
    assert.equal(policy.targets.a?.timeout, 600_000);
    assert.deepEqual(policy.targets.a?.components.c?.files, { layout: 'folder', roots: ['/src'] });
  });

  test('freezes what it gives', () => {
    const checked = checkPolicy(text({}), host);
    assert.ok(checked.ok);
    assert.ok(Object.isFrozen(checked.policy));
    assert.ok(Object.isFrozen(checked.policy.targets.a?.components.c?.files?.roots));
  });

  test('keeps schedules in the order of the file', () => {
    const schedules = 'schedules:\n  weekly: { at: "Sun 04:00", to: v }\n  daily: { at: "02:00", to: v }';
    const checked = checkPolicy(text({ schedules }), host);
    assert.ok(checked.ok);
    assert.deepEqual(Object.keys(checked.policy.schedules), ['weekly', 'daily']);
  });

  test('allows a vault on a disk that is mounted inside a source which keeps to its file system', () => {
    const file = text({ ...component('files: /'), ...vault('plain: /mnt/disk/vault, mounted: /mnt/disk') });
    assert.deepEqual(mistakesIn(file), []);
  });

  test('tells mistakes of every stage together, in the order of the file', () => {
    const file = [
      'version: 2',
      'version: 1',
      'targets:',
      '  Mail: { components: { c: { fils: /src } } }',
      'vaults: { v: { plain: relative } }',
      'schedules: { daily: { at: "02:00", to: w } }',
    ].join('\n');
    const found = mistakesIn(file);
    assert.deepEqual(
      found.map((mistake) => `${mistake.line} ${mistake.code}`),
      [
        '1 choice',
        '2 duplicate-key',
        '4 name',
        '4 one-of',
        '4 unknown-key',
        '5 location',
        '6 unknown-vault',
      ].filter(
        // The later of two equal keys counts, and it is right.
        (line) => line !== '1 choice',
      ),
    );
  });

  test('never repeats a password that stands in an address', () => {
    const [mistake] = mistakesIn(text(vault('plain: "sftp://user:hunter2@host/backup"')));
    assert.equal(mistake?.code, 'location');
    assert.doesNotMatch(JSON.stringify(mistake), /hunter2/);
  });

  test('never repeats a secret that stands in the place of a reference', () => {
    assert.doesNotMatch(
      JSON.stringify(mistakesIn(text(vault('restic: /vault, password: hunter2')))),
      /hunter2/,
    );
  });

  test('escapes control characters of the file in what is shown', () => {
    const [mistake] = mistakesIn(text({ more: '"\\e[31mhost": x' }));
    assert.equal(mistake?.code, 'unknown-key');
    assert.ok(mistake?.text.en.includes('\\x1b[31mhost'));
  });

  test('points at what an alias stands for', () => {
    const file = text({
      targets:
        'targets:\n  a: { components: { c: { files: /src, exclude: &x [""] }, d: { files: /b, exclude: *x } } }',
    });
    assert.deepEqual(
      mistakesIn(file).map((mistake) => mistake.path),
      ['targets.a.components.c.exclude[0]', 'targets.a.components.d.exclude[0]'],
    );
  });
});

describe('loadPolicy', () => {
  let folder: string;
  const signal = new AbortController().signal;
  const options = { ...host, uid: process.getuid?.() ?? 0, signal };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikae-load-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function written(name: string, content: string | Uint8Array): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  }

  test('gives the policy with its text', async () => {
    const file = await written('good.yaml', text({}));
    const policy = await loadPolicy(file, options);
    assert.equal(policy.text, text({}));
    assert.equal(policy.file, file);
  });

  test('throws one error with all mistakes, in both languages', async () => {
    const file = await written('bad.yaml', text({ more: 'hots: a\nlang: jp' }));
    await assert.rejects(loadPolicy(file, options), (error) => {
      assert.ok(error instanceof HikaeError);
      assert.equal(error.code, 'POLICY_INVALID');
      assert.equal(error.exit, 2);
      assert.equal(error.details.count, 2);
      assert.match(error.in('en').message, /5:1 hots: unknown key "hots".*did you mean "host"\?\n6:7 lang: /);
      assert.match(error.in('ja').message, /2 件の誤り.*\n5:1 hots: 未知のキー "hots"/);
      return true;
    });
  });

  const refused: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['a huge file', `# ${'x'.repeat(1_048_576)}`, 'POLICY_TOO_BIG'],
    ['a file that is not UTF-8', new Uint8Array([0x61, 0x3a, 0xff]), 'POLICY_UNREADABLE'],
    ['deep nesting', `a: ${'['.repeat(100_000)}`, 'POLICY_INVALID'],
    ['an alias of itself', 'version: &v [*v]', 'POLICY_INVALID'],
  ];
  for (const [what, content, code] of refused) {
    test(`refuses ${what}`, async () => {
      const file = await written('refused.yaml', content);
      await assert.rejects(loadPolicy(file, options), { name: 'HikaeError', code });
    });
  }

  test('refuses a file that is not there', async () => {
    await assert.rejects(loadPolicy(join(folder, 'none.yaml'), options), { code: 'POLICY_MISSING' });
  });

  for (const parts of [
    vault('restic: /vault, password: { file: SECRET }'),
    component('mysql: { socket: /s, password: { file: SECRET } }'),
    component('postgres: { socket: /s, password: { file: SECRET } }'),
    { more: 'notify: { slack: { webhook: { file: SECRET } } }' },
    { more: 'notify: { mail: { to: a@b, smtp: { host: h, password: { file: SECRET } } } }' },
  ]) {
    test(`refuses a secret that others can read: ${Object.values(parts).join(' ').trim()}`, async () => {
      const secret = join(folder, 'secret');
      const file = await written('secret.yaml', text(parts).replaceAll('SECRET', secret));
      await loadPolicy(file, options);
      await written('secret', 'hunter2');
      await loadPolicy(file, options);
      await chmod(secret, 0o640);
      await assert.rejects(loadPolicy(file, options), { code: 'POLICY_SECRET_EXPOSED' });
      await rm(secret);
    });
  }

  test('refuses a vault that lies in its source, or around it, by way of a link', async () => {
    const source = join(folder, 'source');
    await mkdir(join(source, 'inner'), { recursive: true });
    await symlink(join(source, 'inner'), join(folder, 'link'));
    const policy = (from: string, to: string) =>
      written('links.yaml', text({ ...component(`files: ${from}`), ...vault(`plain: ${to}`) }));
    await loadPolicy(await policy(source, join(folder, 'vault')), options);
    const inSource = await policy(source, join(folder, 'link/not/made/yet'));
    await assert.rejects(loadPolicy(inSource, options), { code: 'POLICY_VAULT_IN_SOURCE', exit: 2 });
    const inVault = await policy(join(folder, 'link'), source);
    await assert.rejects(loadPolicy(inVault, options), { code: 'POLICY_SOURCE_IN_VAULT', exit: 2 });
  });

  test('refuses a file that others can write before it reads it', async () => {
    const file = await written('open.yaml', 'not a policy');
    await chmod(file, 0o666);
    await assert.rejects(loadPolicy(file, options), { code: 'POLICY_WRITABLE' });
  });
});
