/**
 * A few threads that do one kind of job with synchronous calls. A job goes to the thread that has least to do; how much
 * is given out ahead, and so how much memory it takes, is for the one who submits to bound.
 */
import { type MessagePort, Worker } from 'node:worker_threads';

export interface WorkerPool<Job, Result> {
  readonly size: number;
  /** Starts all threads ahead of the first job, while something else is done that must come before. */
  start(): void;
  /**
   * Does a job. Rejects with what the job threw, or with the error that broke a thread. Buffers that are handed over are
   * gone here.
   */
  run(job: Job, handedOver?: readonly ArrayBuffer[]): Promise<Result>;
  /** Gives the same job to every thread that has been started, behind what it was given before. */
  runOnEach(job: Job): Promise<Result[]>;
  close(): Promise<void>;
}

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

interface Thread<Result> {
  readonly worker: Worker;
  /** what it has been given, in the order in which it will answer */
  readonly given: Waiting<Result>[];
  /** it has loaded its modules, or never will */
  readonly loaded: Promise<void>;
}

/** What a thread answers: errors as plain data, because a class doesn't cross between threads. */
export type Answer<Result> =
  | { readonly result: Result }
  | { readonly error: ThreadError }
  | { readonly news: unknown }
  | { readonly loaded: true };

export interface ThreadError {
  readonly message: string;
  readonly code: string | undefined;
  readonly stack: string | undefined;
}

export interface WorkerPoolOptions<News> {
  readonly size: number;
  readonly data?: unknown;
  /** what a thread tells in the middle of a job */
  readonly onNews?: (news: News) => void;
}

export function openWorkerPool<Job, Result, News = never>(
  script: URL,
  options: WorkerPoolOptions<News>,
): WorkerPool<Job, Result> {
  let broken: Error | undefined;
  const threads: Thread<Result>[] = [];

  function startThread(): Thread<Result> {
    const worker = new Worker(script, {
      workerData: options.data,
      // Descriptors are opened through libc and passed between threads; Node.js would count them wrongly.
      trackUnmanagedFds: false,
    });
    const { promise: loaded, resolve: noteLoaded } = Promise.withResolvers<void>();
    const thread: Thread<Result> = { worker, given: [], loaded };
    worker.on('message', (answer: Answer<Result>) => {
      if ('loaded' in answer) {
        noteLoaded();
        return;
      }
      if ('news' in answer) {
        options.onNews?.(answer.news as News);
        return;
      }
      const waiting = thread.given.shift();
      if (thread.given.length === 0) worker.unref();
      if ('result' in answer) waiting?.resolve(answer.result);
      else waiting?.reject(revive(answer.error));
    });
    worker.on('error', (error) => fail(error as Error));
    worker.on('exit', () => noteLoaded());
    worker.unref();
    return thread;
  }

  /** A thread takes a moment to start, so it is started when there is work for one more. */
  function leastBusy(): Thread<Result> {
    const least = threads.reduce<Thread<Result> | undefined>(
      (best, other) => (best === undefined || other.given.length < best.given.length ? other : best),
      undefined,
    );
    if (least !== undefined && (least.given.length === 0 || threads.length >= options.size)) return least;
    const started = startThread();
    threads.push(started);
    return started;
  }

  function fail(error: Error): void {
    broken ??= error;
    for (const thread of threads) for (const { reject } of thread.given.splice(0)) reject(error);
  }

  function give(thread: Thread<Result>, job: Job, handedOver: readonly ArrayBuffer[] = []): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      // A thread that has work keeps the process alive; an idle one doesn't.
      thread.worker.ref();
      thread.given.push({ resolve, reject });
      thread.worker.postMessage(job, [...handedOver]);
    });
  }

  /** To terminate a thread that is just loading koffi aborts the whole process. */
  async function end({ worker, loaded }: Thread<Result>): Promise<void> {
    worker.ref();
    await loaded;
    await worker.terminate();
  }

  return {
    size: options.size,
    start() {
      while (threads.length < options.size) threads.push(startThread());
    },
    run(job, handedOver) {
      return broken === undefined ? give(leastBusy(), job, handedOver) : Promise.reject(broken);
    },
    runOnEach(job) {
      if (broken !== undefined) return Promise.reject(broken);
      return Promise.all(threads.map((thread) => give(thread, job)));
    },
    async close() {
      fail(new Error('the worker pool is closed'));
      await Promise.all(threads.map(end));
    },
  };
}

function revive(error: ThreadError): Error {
  const revived = Object.assign(new Error(error.message), { code: error.code });
  if (error.stack !== undefined) revived.stack = error.stack;
  return revived;
}

/** Tells the other side something while a job is being done; buffers that are handed over are gone here. */
export type Tell<News> = (news: News, handedOver: readonly ArrayBuffer[]) => void;

/**
 * The other side: answers every job that the pool sends with what `work` makes of it. Buffers of a result that `handOver`
 * names are moved rather than copied.
 */
export function serveJobs<Job, Result, News = never>(
  port: MessagePort,
  work: (job: Job, tell: Tell<News>) => Result,
  handOver: (result: Result) => readonly ArrayBuffer[] = () => [],
): void {
  const send = (answer: Answer<Result>, handedOver: readonly ArrayBuffer[]) =>
    port.postMessage(answer, [...handedOver]);
  const tell: Tell<News> = (news, handedOver) => send({ news }, handedOver);
  send({ loaded: true }, []);
  port.on('message', (job: Job) => {
    const answer = answerOf(() => work(job, tell));
    send(answer, 'result' in answer ? handOver(answer.result) : []);
  });
}

function answerOf<Result>(work: () => Result): Answer<Result> {
  try {
    return { result: work() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    return { error: { message: error.message, code, stack: error.stack } };
  }
}

/** Frees what was handed over, and is not needed any more, at once: V8 knows little of its size, and would do so some time. */
export function giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

/** A module in the same folder, for a Worker: `.ts` in a checkout, `.js` in the package. */
export function moduleBeside(url: string, name: string): URL {
  return new URL(`./${name}${url.endsWith('.ts') ? '.ts' : '.js'}`, url);
}
