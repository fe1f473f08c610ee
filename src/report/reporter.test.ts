import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it, mock } from 'node:test';
import type { Event } from '../model/events.ts';
import { openReporter } from './open-reporter.ts';
import type { ReporterOptions } from './reporter.ts';
import { createStage } from './stage.ts';

class Screen extends Writable {
  text = '';
  readonly isTTY: boolean;
  columns = 60;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const start: Event[] = [
  { type: 'run.started', verb: 'backup', targets: ['mail'] },
  { type: 'target.started', verb: 'backup', target: 'mail', vault: 'hdd' },
  { type: 'work.expected', files: 100, bytes: 0, exact: true },
  { type: 'work.done', files: 50, bytes: 0, unchanged: 50, changed: 0 },
];
const warning: Event = { type: 'warning', code: 'x', facts: {} };
const end: Event[] = [
  { type: 'target.finished', verb: 'backup', target: 'mail', vault: 'hdd', outcome: 'succeeded', seconds: 5 },
  { type: 'run.finished', verb: 'backup', outcome: 'succeeded', seconds: 5 },
];

async function open(isTTY: boolean, options: Partial<ReporterOptions> = {}) {
  const screen = new Screen(isTTY);
  let elapsed = 0;
  const clock = { now: () => 0, elapsed: () => elapsed };
  const common = { json: false, quiet: false, colour: false, language: () => 'en' as const };
  const reporter = await openReporter({ stream: screen, clock, ...common, ...options });
  const stage = createStage({ clock });
  stage.subscribe(reporter.receive);
  const tell = (...events: readonly Event[]) => events.forEach(stage.emit);
  return { screen, reporter, tell, pass: (seconds: number) => (elapsed += seconds) };
}

describe('plain lines', () => {
  it('tell beginnings, ends and warnings, and progress every half minute', async () => {
    const { screen, reporter, tell, pass } = await open(false);
    tell(...start, warning);
    pass(31);
    tell({ type: 'work.done', files: 10, bytes: 0, unchanged: 10, changed: 0 });
    pass(5);
    tell({ type: 'work.done', files: 10, bytes: 0, unchanged: 10, changed: 0 }, ...end);
    reporter.close();
    assert.deepEqual(screen.text.split('\n'), [
      'backup started: mail',
      'mail → hdd',
      'warning: x',
      '60%  2m04s left  60 entries  0 B  mail',
      'mail: succeeded after 5.0s',
      'backup: succeeded after 5.0s',
      '',
    ]);
  });

  it('tell how far it is while nothing happens', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const { screen, reporter, tell } = await open(false);
      tell(...start);
      const before = screen.text;
      mock.timers.tick(30_000);
      assert.match(screen.text.slice(before.length), /^50% .*mail\n$/);
      reporter.close();
      const closed = screen.text;
      mock.timers.tick(90_000);
      assert.equal(screen.text, closed);
    } finally {
      mock.timers.reset();
    }
  });

  it('are few when quiet, also on a terminal', async () => {
    for (const isTTY of [false, true]) {
      const { screen, reporter, tell, pass } = await open(isTTY, { quiet: true });
      tell(...start);
      pass(31);
      tell({ type: 'work.done', files: 1, bytes: 0, unchanged: 1, changed: 0 }, warning, ...end);
      reporter.close();
      assert.equal(screen.text, 'warning: x\n');
    }
  });

  it('have no colour even where it is allowed, since they are no terminal', async () => {
    const { screen, tell } = await open(false, { colour: true });
    tell(warning);
    assert.equal(screen.text, 'warning: x\n');
  });
});

describe('JSON lines', () => {
  it('are one object for each event, and nothing else', async () => {
    const { screen, reporter, tell } = await open(true, { json: true });
    tell(...start, ...end);
    reporter.say('stopping');
    reporter.close();
    const events = screen.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ type }) => type),
      [...start, ...end].map(({ type }) => type),
    );
    for (const { at } of events) assert.equal(at, '1970-01-01T00:00:00.000Z');
  });

  it('are few when quiet', async () => {
    const { screen, tell } = await open(false, { json: true, quiet: true });
    tell(...start, warning, ...end);
    assert.equal(JSON.parse(screen.text).type, 'warning');
  });
});

describe('a terminal', () => {
  it('shows a line of progress below what happens, and takes it away at the end', async () => {
    const { screen, reporter, tell } = await open(true);
    tell(...start);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.match(screen.text, /\[=+ +\] {2}50% .*50 entries/);
    tell(warning, ...end);
    reporter.say('said afterwards');
    reporter.close();
    const plain = replay(screen.text, screen.columns);
    assert.deepEqual(plain, [
      'backup started: mail',
      'mail → hdd',
      'warning: x',
      'mail: succeeded after 5.0s',
      'backup: succeeded after 5.0s',
      'said afterwards',
    ]);
  });

  it('changes nothing about the terminal that a sudden end would leave behind', async () => {
    const { screen, tell, reporter } = await open(true);
    tell(...start);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.doesNotMatch(screen.text, /\u001b\[\?/);
    reporter.close();
  });

  it('colours what needs attention only where that is wanted', async () => {
    for (const colour of [true, false]) {
      const { screen, reporter, tell } = await open(true, { colour });
      tell(warning);
      reporter.close();
      assert.equal(screen.text, colour ? '\u001b[33mwarning: x\u001b[39m\n' : 'warning: x\n');
    }
  });
});

/** What stays on the screen: enough of a terminal for what a line of progress needs. */
function replay(written: string, columns: number): string[] {
  const lines = [''];
  let row = 0;
  let column = 0;
  for (const [token] of written.matchAll(/\u001b\[(\d*)(;\d*)?[A-Za-z]|\n|[^\u001b\n]/g)) {
    const line = lines[row] ?? '';
    if (token === '\n') {
      row++;
      column = 0;
    } else if (/\u001b\[1?G/.test(token)) column = 0;
    else if (token === '\u001b[0J') lines.splice(row, lines.length, line.slice(0, column));
    else if (token === '\u001b[0K') lines[row] = line.slice(0, column);
    else if (token === '\u001b[2K') lines[row] = '';
    else if (token.startsWith('\u001b')) assert.fail(`unexpected sequence ${JSON.stringify(token)}`);
    else {
      lines[row] = line.slice(0, column) + token + line.slice(column + 1);
      column++;
      assert.ok(column <= columns, 'a line of progress is wider than the terminal');
    }
  }
  return lines.filter((line) => line !== '');
}
