/** Loaded into every test file's process: HIKAE_SEED, when set, seeds all property tests, so that a run can be repeated. */
import { isMainThread } from 'node:worker_threads';
import fc from 'fast-check';

const seed = process.env.HIKAE_SEED;
if (isMainThread && seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
