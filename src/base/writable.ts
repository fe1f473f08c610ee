/** A value whose fields are still being filled in, by who makes it. */
export type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
