/** What a client in batch mode prints: a line for each row, tabs between values, and backslashes before what would be mistaken. */

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', '0': '\0', '\\': '\\' };

export async function rowsOf(output: AsyncIterable<Uint8Array>): Promise<string[][]> {
  const parts: Uint8Array[] = [];
  for await (const part of output) parts.push(part);
  const lines = Buffer.concat(parts).toString('utf8').split('\n');
  // The last line ends with a line feed as well.
  lines.pop();
  return lines.map((line) => line.split('\t').map(unescaped));
}

function unescaped(value: string): string {
  return value.includes('\\')
    ? value.replace(/\\([tn0\\])/g, (_, letter: string) => escapes[letter] ?? letter)
    : value;
}
