export { findCut, usePolynomial } from './chunker';
export { begin, finish, update } from './poly1305';

/** Where memory is free for the caller's own use. */
export function heapStart(): usize {
  return __heap_base;
}
