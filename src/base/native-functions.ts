/** Functions of C libraries. */
import koffi, { type LibraryHandle } from 'koffi';

/**
 * What `declare` makes of the first of these libraries that has all it asks for; null is the running binary, and Node.js
 * exports much of what it is linked with. undefined where none has it: then the caller has to go on without, more slowly.
 */
export function nativeFunctions<Functions>(
  libraries: readonly (string | null)[],
  declare: (library: LibraryHandle) => Functions,
): Functions | undefined {
  for (const library of libraries) {
    try {
      return declare(koffi.load(library));
    } catch {
      // koffi gives its errors no code to know them by.
    }
  }
  return undefined;
}
