import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createProgressMeter, type Progress } from './progress.ts';
import { plainProgress, progressLine } from './progress-line.ts';
import { widthOf } from './width.ts';

const done = (files: number, bytes: number) =>
  ({ type: 'work.done', files, bytes, unchanged: 0, changed: files }) as const;

function meterAt(start = 100) {
  let now = start;
  const meter = createProgressMeter(() => now);
  meter.receive({ type: 'target.started', verb: 'backup', target: 'mail', vault: 'hdd' });
  return { meter, pass: (seconds: number) => (now += seconds) };
}

describe('progress', () => {
  it('knows no share before somebody says how much there is', () => {
    const { meter, pass } = meterAt();
    pass(10);
    meter.receive(done(10, 1_000_000));
    const { share, left, files, bytes, target } = meter.read();
    assert.deepEqual(
      { share, left, files, bytes, target },
      {
        share: undefined,
        left: undefined,
        files: 10,
        bytes: 1_000_000,
        target: 'mail',
      },
    );
  });

  it('gives share, rate and time left of steady work', () => {
    const { meter, pass } = meterAt();
    meter.receive({ type: 'work.expected', files: 0, bytes: 100_000_000, exact: true });
    for (let second = 0; second < 40; second++) {
      pass(1);
      meter.receive(done(0, 1_000_000));
    }
    const { share, rate, left } = meter.read();
    assert.ok(Math.abs((share ?? 0) - 0.4) < 1e-9);
    assert.ok(Math.abs(rate - 1_000_000) < 1);
    assert.ok(Math.abs((left ?? 0) - 60) < 1);
  });

  it('follows a change of pace within seconds, and shows a standstill', () => {
    const { meter, pass } = meterAt();
    meter.receive({ type: 'work.expected', files: 0, bytes: 1e9, exact: true });
    for (let tick = 0; tick < 100; tick++) {
      pass(0.05);
      meter.receive(done(0, 5_000_000));
    }
    for (let second = 0; second < 20; second++) {
      pass(1);
      meter.receive(done(0, 1_000));
    }
    assert.ok(meter.read().rate < 2_000);
    pass(1_000);
    assert.ok(meter.read().rate < 20);
  });

  it('counts entries too, so that an unchanged tree moves', () => {
    const { meter, pass } = meterAt();
    meter.receive({ type: 'work.expected', files: 1_000, bytes: 0, exact: false });
    pass(5);
    meter.receive(done(250, 0));
    assert.equal(meter.read().share, 0.25);
    assert.ok(Math.abs((meter.read().left ?? 0) - 15) < 0.1);
  });

  it('never says that it is done before it is, and begins anew with each target', () => {
    const { meter, pass } = meterAt();
    meter.receive({ type: 'work.expected', files: 1, bytes: 1, exact: false });
    pass(5);
    meter.receive(done(500, 500));
    assert.equal(meter.read().share, 0.99);
    assert.equal(meter.read().left, undefined);
    meter.receive({ type: 'target.started', verb: 'backup', target: 'blog', vault: 'hdd' });
    const { files, share, target } = meter.read();
    assert.deepEqual({ files, share, target }, { files: 0, share: undefined, target: 'blog' });
  });

  it('takes work that is announced later as lying ahead', () => {
    const { meter, pass } = meterAt();
    meter.receive(done(0, 1_000));
    meter.receive({ type: 'work.expected', files: 0, bytes: 1_000, exact: true });
    pass(5);
    assert.equal(meter.read().share, 0.5);
  });
});

describe('the line of progress', () => {
  const progress: Progress = {
    target: 'mail',
    phase: 'copying',
    files: 12_345,
    bytes: 1_530_000_000,
    share: 0.4567,
    rate: 102_000_000,
    left: 83,
  };

  it('says the same in both languages', () => {
    assert.equal(
      plainProgress(progress, 'en'),
      '45%  1m23s left  12,345 entries  1.53 GB  102 MB/s  copying  mail',
    );
    assert.equal(
      plainProgress(progress, 'ja'),
      '45%  残り 1分23秒  12,345 件  1.53 GB  102 MB/s  コピー中  mail',
    );
  });

  it('has a bar where there is room', () => {
    const line = progressLine(progress, 'en', 100);
    assert.match(line, /^\[=+ +\] {2}45% {2}1m23s left/);
    assert.ok(widthOf(line) <= 100);
  });

  it('leaves out what matters least on a narrow terminal', () => {
    assert.equal(progressLine(progress, 'ja', 40), '45%  残り 1分23秒  12,345 件  1.53 GB');
    assert.equal(progressLine(progress, 'ja', 12), '45%');
  });

  it('never is wider than the terminal', () => {
    const any = fc.record<Progress>({
      target: fc.constantFrom('', 'mail', '日本語の名前'),
      phase: fc.constantFrom(undefined, 'safety', 'copying'),
      files: fc.nat(),
      bytes: fc.nat(),
      share: fc.option(fc.double({ min: 0, max: 0.99, noNaN: true }), { nil: undefined }),
      rate: fc.nat(),
      left: fc.option(fc.nat(1_000_000), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        any,
        fc.constantFrom('en', 'ja'),
        fc.integer({ min: 1, max: 200 }),
        (shown, language, width) => {
          assert.ok(widthOf(progressLine(shown, language, width)) <= width);
        },
      ),
    );
  });
});
