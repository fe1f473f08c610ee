/** Writes src/kernels/module.ts from src/kernels/assembly. */
import { writeFileSync } from 'node:fs';
import { compiledKernels, modulePath } from './compile-kernels.ts';

writeFileSync(modulePath, await compiledKernels());
