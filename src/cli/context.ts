/** What a command is given: the world, the common options, and the ways to tell what it does and finds. */
import type { World } from '../app/world.ts';
import { Cancelled } from '../base/abort.ts';
import type { Language } from '../base/language.ts';
import type { Reporter, Stage } from '../report/report.ts';
import type { AsOf } from './as-of.ts';
import { DEFAULT_POLICY, type GlobalValues } from './globals.ts';
import { createResults, OutputClosed, type Results } from './results.ts';

export interface CommandContext {
  readonly world: World;
  /** --policy, or where it is looked for */
  readonly policy: { readonly path: string; readonly given: boolean };
  readonly json: boolean;
  readonly quiet: boolean;
  /** --as-of, for commands that read */
  readonly asOf: AsOf | undefined;
  /** aborted when somebody asks us to end */
  readonly signal: AbortSignal;
  readonly results: Results;
  /** the language of what is shown */
  readonly language: Language;
  /** The policy's `lang` holds from here on, unless --lang says otherwise. */
  speak(language: Language): void;
  /** Opens the stage that engines tell their events on; the frame closes it. `run` is the run's id. */
  openStage(run?: string): Promise<Stage>;
}

/** The context with what only the frame needs of it. */
export interface FramedContext extends CommandContext {
  interrupt(): void;
  close(): void;
}

export function createContext(
  world: World,
  globals: GlobalValues,
  options: { readonly language: Language; readonly reads: boolean; readonly asOf: AsOf | undefined },
): FramedContext {
  const abort = new AbortController();
  let language = options.language;
  let reporter: Reporter | undefined;
  const results = createResults(world.stdout, {
    json: globals.json,
    language: () => language,
    onClosed: () => {
      // A backup is not given up because nobody reads its result.
      if (options.reads) abort.abort(new OutputClosed());
    },
  });
  return {
    world,
    policy: { path: globals.policy ?? DEFAULT_POLICY, given: globals.policy !== undefined },
    json: globals.json,
    quiet: globals.quiet,
    asOf: options.asOf,
    signal: abort.signal,
    results,
    get language() {
      return language;
    },
    speak(spoken) {
      if (globals.lang === undefined) language = spoken;
    },
    async openStage(run) {
      const { createStage, openReporter } = await import('../report/report.ts');
      const stage = createStage({ clock: world.clock, ...(run === undefined ? {} : { run }) });
      reporter?.close();
      reporter = await openReporter({
        stream: world.stderr,
        json: globals.json,
        quiet: globals.quiet,
        language: () => language,
        colour: !world.environment.NO_COLOR && world.environment.TERM !== 'dumb',
        clock: world.clock,
      });
      stage.subscribe(reporter.receive);
      return stage;
    },
    interrupt() {
      if (abort.signal.aborted) world.exit(130);
      abort.abort(new Cancelled());
      const line = stopping[language];
      if (reporter !== undefined) reporter.say(line);
      else if (!globals.json) world.stderr.write(`${line}\n`);
    },
    close() {
      reporter?.close();
    },
  };
}

const stopping = {
  en: 'hikae: stopping; once more ends at once',
  ja: 'hikae: 中断しています（もう一度で直ちに終了します）',
};
