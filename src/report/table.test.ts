import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTable } from './table.ts';
import { widthOf } from './width.ts';

const columns = [
  { title: '日付' },
  { title: 'サイズ', align: 'right' },
  { title: '理由', flexible: true },
] as const;
const rows = [
  ['2026-11-22', '1.50 GB', '完全なスナップショットがある最新 3 日分に含まれるため残します'],
  ['11-21', '7 B', 'x'],
];

describe('formatTable', () => {
  it('aligns by what a terminal shows', () => {
    assert.equal(
      formatTable(columns, rows),
      [
        '日付         サイズ  理由',
        '2026-11-22  1.50 GB  完全なスナップショットがある最新 3 日分に含まれるため残します',
        '11-21           7 B  x',
      ].join('\n'),
    );
  });

  it('breaks the flexible column on a narrow terminal only', () => {
    const lines = formatTable(columns, rows, { width: 50 }).split('\n');
    assert.ok(lines.length > 3);
    for (const line of lines) assert.ok(widthOf(line) <= 50, line);
    assert.equal(formatTable(columns, rows, { width: 200 }), formatTable(columns, rows));
  });

  it('shows a name that would break the table or move the cursor with its characters escaped', () => {
    assert.equal(formatTable([{ title: 'N' }], [['a\nb\tc\u001b[2J']]), 'N\na\\nb\\tc\\x1b[2J');
  });

  it('shows the titles of a table without rows', () => {
    assert.equal(formatTable(columns, []), '日付  サイズ  理由');
  });
});
