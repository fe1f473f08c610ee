#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * Starts hikae. What lives for a moment gets 8 MiB in each thread: V8 would let it grow with the length of a run, and with it
 * the memory that a backup of many files takes.
 *
 * Nothing is imported before the version of Node.js is known to be new enough: an older one would end
 * in a syntax or import error that helps nobody.
 */
const OLDEST = 24;
const major = Number.parseInt(process.versions.node, 10);

if (major < OLDEST) {
  process.stderr.write(
    `hikae: Node.js ${OLDEST} or newer is needed, and this is ${process.versions.node} (${process.execPath})\n` +
      `hikae: Node.js ${OLDEST} 以降が必要ですが、これは ${process.versions.node} です (${process.execPath})\n`,
  );
  process.exitCode = 1;
} else {
  const { cacheCompiledCode } = await import('./app/compile-cache.ts');
  cacheCompiledCode();
  const { realWorld } = await import('./app/world.ts');
  const { runCli } = await import('./cli/cli.ts');
  process.exitCode = await runCli(realWorld());
}

export {};
