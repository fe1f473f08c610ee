/** Who tells the events of a run on stderr, in the way that suits what stderr is. */
import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Language } from '../base/language.ts';
import type { Subscriber } from './stage.ts';

export interface Reporter {
  readonly receive: Subscriber;
  /** Tells a line that is no event, without disturbing what is shown. */
  say(line: string): void;
  /** Takes away what is only there while the run lasts. May be called twice. */
  close(): void;
}

export interface ReporterOptions {
  readonly stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly language: () => Language;
  readonly clock: Clock;
}
