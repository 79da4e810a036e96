import { join } from 'node:path';
import { askAgent } from '../io/agent-socket.ts';
import type { CommandAnswer } from '../requests.ts';
import { stateDirOf } from './open-node.ts';
import type { Values } from './options.ts';

export type Asked =
  | { readonly kind: 'answer'; readonly answer: CommandAnswer }
  | { readonly kind: 'no-agent' }
  | { readonly kind: 'failed'; readonly message: string };

const isAnswer = (value: unknown): value is CommandAnswer =>
  typeof value === 'object' && value !== null && 'ok' in value && 'message' in value;

/** Asks the running agent; without an answer in 5 s nothing is done, and the holder is named. */
export const ask = async (
  values: Values,
  command: string,
  args: Readonly<Record<string, string | undefined>> = {},
  timeoutMs = 5_000,
): Promise<Asked> => {
  const path = join(stateDirOf(values), 'agent.sock');
  const asked = await askAgent({ path, command, args, timeoutMs });
  if ('answer' in asked) {
    if (isAnswer(asked.answer)) return { kind: 'answer', answer: asked.answer };
    return { kind: 'failed', message: 'the agent gave an answer that this version does not understand' };
  }
  switch (asked.failure) {
    case 'no-agent':
      return { kind: 'no-agent' };
    case 'refused':
      return { kind: 'failed', message: `the agent cannot be asked: ${asked.detail}; run this as root` };
    default: {
      const pid = asked.pid === undefined ? 'unknown' : String(asked.pid);
      return {
        kind: 'failed',
        message: `the agent (pid ${pid}) gave no answer in ${timeoutMs / 1000} s, so nothing was changed. Look at it (kill -CONT ${pid} wakes a stopped one), or end it (kill -9 ${pid}) and run this again.`,
      };
    }
  }
};
