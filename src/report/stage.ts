/** Where engines tell what happens, and from where everybody who wants to know hears it. */
import type { Clock } from '../base/clock.ts';
import type { Emit, Event } from '../model/events.ts';

/** An event with its time (RFC 3339, UTC) and the id of its run. */
export type StampedEvent = Event & { readonly at: string; readonly run?: string };

export type Subscriber = (event: StampedEvent) => void;

export interface Stage {
  /** Never throws. */
  readonly emit: Emit;
  subscribe(subscriber: Subscriber): void;
}

/**
 * A subscriber that throws is not asked again, and the others hear of it once: what is told about a run must not end
 * the run.
 */
export function createStage(options: { readonly clock: Clock; readonly run?: string }): Stage {
  const subscribers = new Set<Subscriber>();

  function emit(event: Event): void {
    const at = new Date(options.clock.now()).toISOString();
    const stamped = { at, ...(options.run === undefined ? {} : { run: options.run }), ...event };
    for (const subscriber of [...subscribers]) {
      try {
        subscriber(stamped);
      } catch (error) {
        subscribers.delete(subscriber);
        const reason = error instanceof Error ? error.message : String(error);
        emit({ type: 'warning', code: 'subscriber-failed', facts: { reason } });
      }
    }
  }

  return {
    emit,
    subscribe(subscriber) {
      subscribers.add(subscriber);
    },
  };
}
