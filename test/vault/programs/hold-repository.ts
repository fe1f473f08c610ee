/** Holds the writer's lock of a repository until it is killed. */
import { argv, stdout } from 'node:process';
import { openTestRepository } from '../restic-taking.ts';
import { never, silent } from '../taking.ts';

const vault = await openTestRepository(argv[2] ?? '');
await vault.acquire({ wait: 0, emit: silent, signal: never });
stdout.write('held\n');
setInterval(() => undefined, 1000);
