import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DumpScanner } from './dump-scanner.ts';

const dump = `/*!40101 SET NAMES utf8mb4 */;

--
-- Current Database: \`a\`\`b\`
--

USE \`a\`\`b\`;

--
-- Table structure for table \`t (,\`
--

CREATE TABLE \`t (,\` (
  \`a\` text COMMENT 'a\\nINSERT INTO \`t\` VALUES (1)'
);

--
-- Dumping data for table \`t (,\`
--
-- ORDER BY:  \`a\`

/*!40000 ALTER TABLE \`t (,\` DISABLE KEYS */;
INSERT INTO \`t (,\` VALUES
('one'),
('it\\'s (2),(3);\\\\'),
(0x28282C),(NULL);
INSERT INTO \`t (,\` (\`VALUES\`, \`c\`) VALUES (1,'x;''y'),(-2.5e3,'日本)語');
DELIMITER ;;
CREATE TRIGGER x BEFORE INSERT ON y FOR EACH ROW BEGIN
INSERT INTO \`t (,\` VALUES (1),(2),(3);
END;;
DELIMITER ;

CREATE SEQUENCE \`s\` start with 1;
-- Temporary table structure for view \`v\`
--
-- Current Database: \`other\`
--
CREATE TABLE \`empty\` (
-- Dumping data for table \`empty\`
-- Dump completed`;

function scan(parts: readonly Buffer[]) {
  const scanner = new DumpScanner();
  const pieces = [...parts.flatMap((part) => scanner.push(part)), ...scanner.end()];
  return { scanner, pieces };
}

test('rows, tables, sequences and views are known wherever the stream is parted', () => {
  const bytes = Buffer.from(dump);
  for (let size = 1; size < 40; size++) {
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
    const { scanner, pieces } = scan(parts);
    const first = scanner.of('a`b');
    assert.deepEqual([...first.rows], [['t (,', 6]], `parts of ${size} bytes`);
    assert.deepEqual([[...first.tables], [...first.sequences], [...first.views]], [['t (,'], ['s'], ['v']]);
    assert.deepEqual([...scanner.of('other').rows], [['empty', 0]]);
    assert.equal(Buffer.concat(pieces.map((piece) => piece.bytes)).toString(), dump);
  }
});

test('every piece says what it is and whose', () => {
  const { pieces } = scan([Buffer.from(dump)]);
  const text = (kind: string) =>
    pieces
      .filter((piece) => piece.kind === kind)
      .map(({ bytes }) => bytes.toString())
      .join('');
  assert.match(text('body'), /^DELIMITER ;;\nCREATE TRIGGER [\s\S]*END;;\nDELIMITER ;\n$/);
  assert.match(text('rows'), /^INSERT INTO `t \(,` VALUES\n\('one'\)[\s\S]*日本\)語'\);\n$/);
  assert.equal(pieces[0]?.database, undefined);
  assert.equal(pieces.at(-1)?.database, 'other');
});
