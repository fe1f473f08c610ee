/** Starts an engine with one container that never ends, tells its folder, and waits to be killed. */
import { startDocker } from '../docker.ts';
import { buildTiny, idle } from '../docker-images.ts';

const engine = await startDocker();
engine.run({ image: buildTiny(engine), name: 'held', command: idle });
process.stdout.write(`${engine.folder}\n`);
setInterval(() => {}, 1_000);
