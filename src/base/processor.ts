/** What this process uses of the machine, as an argument: engines that keep within a share of it ask. */
export interface Processor {
  /** how many things the machine does at a time */
  readonly count: number;
  /** seconds that this process has used since its start, in all its threads */
  used(): number;
}
