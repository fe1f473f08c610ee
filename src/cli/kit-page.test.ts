import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../base/secret.ts';
import { kitLines, resticPlace } from './kit-lines.ts';
import { kitPage } from './kit-page.ts';

const bucket = {
  place: 's3://backup/server one',
  location: { kind: 's3', bucket: 'backup', prefix: 'server one' },
  region: 'ap-northeast-1',
} as const;
const folder = (port?: number, user?: string) =>
  ({ place: 'sftp://…', location: { kind: 'sftp', user, host: 'nas', port, path: '/srv/hikae' } }) as const;

const kit = {
  vault: 's3',
  host: 'dell',
  repository: '0123456789abcdef0123456789abcdef',
  created: 0,
  ...bucket,
  targets: ['mail'],
  key: { id: 'fedcba9876543210', created: Date.parse('2026-11-24T10:00:00Z') },
};

describe('the page of a recovery kit', () => {
  it('names places as restic does', () => {
    assert.equal(resticPlace(folder()), 'sftp://nas//srv/hikae');
    assert.equal(resticPlace(folder(2222, 'backup')), 'sftp://backup@nas:2222//srv/hikae');
    assert.equal(resticPlace(bucket), 's3:https://s3.ap-northeast-1.amazonaws.com/backup/server one');
    const { region: _, ...anywhere } = bucket;
    assert.equal(resticPlace(anywhere), 's3:https://s3.amazonaws.com/backup/server one');
    const own = { ...bucket, endpoint: 'http://127.0.0.1:8000/' };
    assert.equal(resticPlace(own), 's3:http://127.0.0.1:8000/backup/server one');
  });

  it('has lines that a shell takes as they are, for every target', () => {
    const { access, restic, hikae } = kitLines({ ...kit, targets: ['mail', "restic:/srv/it's"] });
    assert.ok(access.includes('export AWS_REGION=ap-northeast-1 AWS_DEFAULT_REGION=ap-northeast-1'));
    assert.deepEqual(restic.slice(2), [
      "restic -r 's3:https://s3.ap-northeast-1.amazonaws.com/backup/server one' restore latest --path /mail --target /srv/restored/by-restic",
      "restic -r 's3:https://s3.ap-northeast-1.amazonaws.com/backup/server one' restore latest --path '/srv/it'\\''s' --target /srv/restored/by-restic",
    ]);
    assert.equal(
      hikae.at(-1),
      "hikae restore 'restic:/srv/it'\\''s' --vault 's3://backup/server one' --password-file recovery.pw --to '/srv/restored/srv/it'\\''s'",
    );
  });

  it('is in both languages, each with the password, or without one where nobody has it', () => {
    const page = kitPage({ ...kit, password: new Secret('abcde-fghjk') }, 'Asia/Tokyo', 'ja');
    assert.equal(page.split('abcde-fghjk').length, 3);
    assert.ok(page.indexOf('復旧キット') < page.indexOf('RECOVERY KIT'));
    for (const fact of ['fedcba98', '2026-11-24 19:00', 'backup', 'ap-northeast-1', kit.repository])
      assert.equal(page.includes(fact), true, fact);
    assert.match(kitPage(kit, 'Asia/Tokyo', 'en'), /Password: on the page that was printed/);
    // Only what lies in a bucket can be looked at as it was.
    assert.match(page, /--as-of …/);
    assert.doesNotMatch(kitPage({ ...kit, ...folder() }, 'Asia/Tokyo', 'en'), /--as-of/);
  });
});
