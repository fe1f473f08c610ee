/** How this room shows the path of an entry to a person. */
import { goQuote } from '../base/go-quoting.ts';
import { joinRaw, type RawPath, rawFromText } from '../base/raw-path.ts';

/** The path in the snapshot, its component first, quoted as everywhere: no name may speak to a terminal. */
export function shownPath(component: string, path: RawPath): string {
  const whole = path === '' ? rawFromText(component) : joinRaw(rawFromText(component), path);
  return goQuote(whole);
}
