/** Where a secret lies; exactly one of the three. */
export interface SecretReference {
  /** a file that holds it, readable by its owner alone */
  readonly file?: string | undefined;
  /** an environment variable that holds it */
  readonly env?: string | undefined;
  /** program and arguments of what prints it */
  readonly command?: readonly string[] | undefined;
}

/** A value that must not be printed. Only `reveal` gives it away, so that its uses can be searched for. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
