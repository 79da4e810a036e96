/** What one execution may use. Every bound ends in a TemplateError of phase "limit" that names it. */
export type Limits = {
  /** Bytes of template text. */
  readonly template: number;
  /** Blocks within blocks, parentheses within parentheses, templates within templates, lists within lists. */
  readonly nesting: number;
  /** Nodes visited, rounds of a range, and work in proportion to the bytes and items handled. */
  readonly steps: number;
  /** Bytes written. */
  readonly output: number;
  /** Bytes of any one string. */
  readonly string: number;
  /** Items of any one list. */
  readonly list: number;
  /** Bytes of all strings and lists made on the way. */
  readonly memory: number;
  /** The last resort, in milliseconds; needs a clock. */
  readonly time: number;
};

/** The bounds when none are given. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  template: 262_144,
  nesting: 100,
  steps: 500_000,
  output: 1_048_576,
  string: 1_048_576,
  list: 100_000,
  memory: 16_777_216,
  time: 200,
});

/** Raised deep inside; the executor adds the position. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}

/** What is left of the limits of one execution. */
export class Budget {
  readonly limits: Limits;
  private readonly clock: (() => number) | undefined;
  private readonly deadline: number;
  private steps: number;
  private memory: number;
  private nextLook: number;

  constructor(limits: Limits, clock?: () => number) {
    this.limits = limits;
    this.clock = clock;
    this.steps = limits.steps;
    this.memory = limits.memory;
    this.deadline = clock === undefined ? 0 : clock() + limits.time;
    this.nextLook = limits.steps - 1000;
  }

  /** Counts work; looks at the clock every thousand steps. */
  step(count: number): void {
    this.steps -= count;
    if (this.steps > this.nextLook) return;
    if (this.steps < 0) throw new LimitReached(`too much work: more than ${this.limits.steps} steps`);
    this.nextLook = this.steps - 1000;
    if (this.clock !== undefined && this.clock() > this.deadline) {
      throw new LimitReached(`too much work: more than ${this.limits.time} ms`);
    }
  }

  /** Asks for a string before it is built. */
  text(bytes: number): void {
    if (bytes > this.limits.string) {
      throw new LimitReached(`string too long: ${bytes} bytes, at most ${this.limits.string} are allowed`);
    }
    this.memory -= bytes;
    if (this.memory < 0) throw new LimitReached(`too much memory: more than ${this.limits.memory} bytes of values`);
    if (bytes > 64) this.step(bytes >> 6);
  }

  /** Asks for a list or a map before it is built. */
  list(items: number): void {
    if (items > this.limits.list) {
      throw new LimitReached(`list too long: ${items} items, at most ${this.limits.list} are allowed`);
    }
    this.memory -= items * 16;
    if (this.memory < 0) throw new LimitReached(`too much memory: more than ${this.limits.memory} bytes of values`);
    this.step(1 + (items >> 2));
  }

  /** Refuses to look deeper than the nesting limit. */
  depth(depth: number): void {
    if (depth > this.limits.nesting) {
      throw new LimitReached(`nested too deeply: more than ${this.limits.nesting} levels`);
    }
  }

  /** Counts the bytes written so far. */
  output(bytes: number): void {
    if (bytes > this.limits.output) {
      throw new LimitReached(`output too long: more than ${this.limits.output} bytes`);
    }
  }
}
