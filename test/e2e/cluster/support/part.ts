import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type Running, startProcess } from '../../support/agent.ts';

/** A program that a test ends and starts again, such as an API server. */
export type Part = {
  readonly start: () => void;
  /** Ends it as a crash would, and waits for its end. */
  readonly kill: () => Promise<void>;
  /** Its log since the last start. */
  readonly log: () => string;
};

export const createPart = (
  t: TestContext,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Part => {
  let running: Running | undefined;
  return {
    start: () => {
      running = startProcess(t, command, env);
    },
    kill: async () => {
      if (running === undefined || running.child.exitCode !== null) return;
      const gone = once(running.child, 'exit');
      running.child.kill('SIGKILL');
      await gone;
    },
    log: () => running?.output() ?? 'never started',
  };
};
