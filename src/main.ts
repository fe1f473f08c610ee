#!/usr/bin/env node
/**
 * Starts hikae. Nothing is imported before the version of Node.js is known to be new enough: an older one would end
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
