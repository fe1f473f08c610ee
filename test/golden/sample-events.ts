/** At least one event of every type, in the order of a run, with values that are easily told apart in a text. */

import type { Facts } from '../../src/base/language.ts';
import type { Event, Phase } from '../../src/model/events.ts';
import { type FindingKind, findingTexts } from '../../src/model/finding.ts';
import type { Outcome, Verb } from '../../src/model/run.ts';
import { type TroubleCode, trouble, troubles } from '../../src/model/trouble.ts';
import { warnings } from '../../src/model/warning.ts';
import { outcomeTexts, phaseTexts, verbTexts } from '../../src/report/report.ts';

const failure = { code: 'VAULT_FULL', message: 'the disk is full', hint: 'Make room.' };
const keys = <Key extends string>(table: Readonly<Record<Key, unknown>>) => Object.keys(table) as Key[];

/** A fact for every placeholder of a text: its name in angle brackets. */
function factsFor(text: string): Facts {
  return Object.fromEntries([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, `<${name}>`]));
}

export const sampleEvents: readonly Event[] = [
  ...keys<Verb>(verbTexts).flatMap((verb): Event[] => [
    { type: 'run.started', verb, targets: ['mail', 'blog'] },
    { type: 'target.started', verb, target: 'mail', vault: 'hdd' },
  ]),
  { type: 'hook.started', when: 'before', argv: ['systemctl', 'stop', 'dovecot'] },
  { type: 'hook.started', when: 'after', argv: ['systemctl', 'start', 'dovecot'] },
  ...keys<Phase>(phaseTexts).map((phase): Event => ({ type: 'phase', phase })),
  { type: 'work.expected', files: 48_813, bytes: 1_900_000_000, exact: true },
  { type: 'work.expected', files: 48_813, bytes: 1_900_000_000, exact: false },
  { type: 'component.started', target: 'mail', component: 'vmail' },
  { type: 'work.done', files: 1_234, bytes: 5_678_000, unchanged: 1_000, changed: 234 },
  ...keys<TroubleCode>(troubles).map(
    (code): Event => ({
      type: 'trouble',
      target: 'mail',
      trouble: trouble(code, 'vmail/new/メール\u001b[2J', 'EACCES'),
    }),
  ),
  ...keys<keyof typeof warnings>(warnings).map(
    (code): Event => ({ type: 'warning', code, facts: factsFor(warnings[code].en) }),
  ),
  { type: 'warning', code: 'not-in-the-table', facts: { path: '/srv', count: 3 } },
  { type: 'component.finished', target: 'mail', component: 'vmail', files: 1_234, bytes: 5e6, newBytes: 7e5 },
  {
    type: 'component.finished',
    target: 'mail',
    component: 'dkim',
    files: 0,
    bytes: 0,
    newBytes: 0,
    error: failure,
  },
  { type: 'snapshot.published', vault: 'hdd', place: 'daily/mail/2026-11-22', id: 'a1', complete: true },
  { type: 'snapshot.published', vault: 'hdd', place: 'daily/mail/2026-11-22', id: 'a1', complete: false },
  {
    type: 'locks.set',
    vault: 's3://bucket/rental',
    objects: 1_234,
    bytes: 56_000_000,
    asked: 20,
    extended: 4,
    until: Date.UTC(2027, 1, 20),
  },
  {
    type: 'locks.set',
    vault: 's3://system-backup-workstation/rental',
    objects: 1_240,
    bytes: 2_100_000_000,
    asked: 17,
    extended: 4,
    stored: { objects: 6, bytes: 8_000_000 },
    requests: { puts: 16, gets: 31 },
    price: { currency: 'JPY', requests: 0.0134, storage: 8.14 },
    until: Date.UTC(2027, 1, 20),
  },
  {
    type: 'locks.expected',
    vault: 's3://system-backup-workstation/rental',
    objects: 1_240,
    bytes: 2_100_000_000,
    newBytes: 8_000_000,
    extended: 4,
    requests: { puts: 16, gets: 31 },
    until: Date.UTC(2027, 1, 20),
    newUntil: Date.UTC(2027, 2, 2),
    price: { currency: 'JPY', requests: 0.0134, storage: 0.103 },
  },
  ...(['kept', 'broken', 'refused', 'not-asked'] as const).map(
    (end): Event => ({
      type: 'check.finished',
      vault: 's3',
      name: 'write-once',
      end,
      what: { en: 'nothing is written twice', ja: '二重に書き込まれない' },
      seconds: 0.12,
      ...(end === 'kept' || end === 'not-asked' ? {} : { reason: 'the second put was taken' }),
    }),
  ),
  {
    type: 'protection.expected',
    vault: 's3://system-backup-workstation/rental',
    place: 'daily/mail/2026-11-22-a1b2c3d4',
    objects: 1_240,
    bytes: 2_100_000_000,
    extended: 1_236,
    extendedBytes: 2_090_000_000,
    requests: { puts: 1_243, gets: 3_712 },
    until: Date.UTC(2027, 6, 1),
    price: { currency: 'JPY', requests: 1.12, storage: 59.7 },
  },
  ...[true, false].map(
    (complete): Event => ({
      type: 'snapshot.copied',
      vault: 's3',
      from: 'hdd',
      place: 'daily/mail/2026-11-22-a1b2c3d4',
      id: 'a1',
      complete,
      files: 1_234,
      bytes: 5e6,
      newBytes: 7e5,
    }),
  ),
  { type: 'snapshot.removed', vault: 'hdd', place: 'daily/mail/2026-11-19', id: 'a0' },
  ...keys<FindingKind>(findingTexts).map(
    (kind): Event => ({
      type: 'finding',
      vault: 'hdd',
      finding: { kind, places: ['daily/mail/2026-11-22'], path: 'vmail/new/1', reason: '5 ≠ 6' },
    }),
  ),
  {
    type: 'finding',
    vault: 'hdd',
    finding: { kind: 'manifest', places: ['daily/mail/1', 'daily/mail/2'], path: '', reason: 'trailer' },
  },
  ...keys<Outcome>(outcomeTexts).map(
    (outcome): Event => ({
      type: 'target.finished',
      verb: 'backup',
      target: 'mail',
      vault: 'hdd',
      outcome,
      seconds: 83,
    }),
  ),
  {
    type: 'target.finished',
    verb: 'backup',
    target: 'mail',
    vault: 'hdd',
    outcome: 'failed',
    seconds: 8.4,
    error: failure,
  },
  { type: 'run.finished', verb: 'backup', outcome: 'partial', seconds: 7_500 },
];
