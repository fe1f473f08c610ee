/** The face of the room: what a run tells, made fit for people and for machines. */
export { describeFailure, failureResult } from './failure.ts';
export { toJson } from './json-lines.ts';
export { openReporter } from './open-reporter.ts';
export type { Reporter, ReporterOptions } from './reporter.ts';
export { createStage, type Stage, type StampedEvent, type Subscriber } from './stage.ts';
export { type Column, formatTable } from './table.ts';
export { eventText } from './texts/event-texts.ts';
export { countText, spanText, timeText } from './texts/quantity-texts.ts';
export { actionTexts, outcomeTexts, phaseTexts, targetText, verbTexts } from './texts/word-texts.ts';
export { fitTo, padEnd, padStart, widthOf, wrap } from './width.ts';
