import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Status } from '../../../src/core/status.ts';
import { askAgent } from '../../../src/io/agent-socket.ts';
import { atEnd, type Scope } from './cleanup.ts';
import type { Place } from './place.ts';
import { generousMs, until } from './until.ts';

/** Where the sources begin. */
export const mainFile = new URL('../../../src/main.ts', import.meta.url).pathname;

/** Words before the command: `nsenter …`, `prlimit …`; each must end in the command itself, with the same pid. */
export type Wrap = readonly string[];

export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly stdout: string;
  readonly ms: number;
};

/** A process that is ended with the test, by its id. */
export type Running = {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<Ended>;
  /** Ends it and waits for the end. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Ended>;
};

export const startProcess = (
  t: Scope,
  [file, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running => {
  if (file === undefined) throw new Error('no command');
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const began = performance.now();
  let asked = began;
  const ended = once(child, 'close').then(
    ([code, signal]: (number | NodeJS.Signals | null)[]): Ended => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      output,
      stdout,
      ms: performance.now() - asked,
    }),
  );
  atEnd(t, async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} does not start`);
  return {
    pid,
    child,
    output: () => output,
    ended,
    stop: (signal = 'SIGTERM') => {
      asked = performance.now();
      child.kill(signal);
      return ended;
    },
  };
};

export type Agent = Running & {
  readonly place: Place;
  readonly status: () => Promise<Status>;
  /** Waits until its status is as asked for. */
  readonly whenStatus: (what: string, isSo: (status: Status) => boolean, limitMs?: number) => Promise<Status>;
  /** Where it listens for this path. */
  readonly address: (path: string) => Promise<string>;
  /** GET on its health listener, or for `/` and `/api/…` on the one for people: code and body. */
  readonly get: (path: string) => Promise<{ readonly code: number; readonly body: string }>;
  /** Waits for the state of a file or anything else, and shows the log when it does not come. */
  readonly until: <T>(what: string, look: () => T | Promise<T>, limitMs?: number) => Promise<number>;
};

export type AgentOptions = {
  readonly wrap?: Wrap;
  readonly flags?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The bundle instead of the sources. */
  readonly mainFile?: string;
};

const command = (options: AgentOptions, ...args: readonly string[]): readonly string[] => [
  ...(options.wrap ?? []),
  process.execPath,
  ...(options.nodeFlags ?? []),
  options.mainFile ?? mainFile,
  ...args,
];

const askStatus = async (place: Place): Promise<Status> => {
  const path = place.at(join(place.stateDir, 'agent.sock'));
  const asked = await askAgent({ path, command: 'status', args: {}, timeoutMs: generousMs });
  if (!('answer' in asked)) throw new Error(`no status: ${asked.failure} ${asked.detail}`);
  return (asked.answer as { readonly data: Status }).data;
};

/** Starts the real agent on a place. */
export const startAgent = (t: TestContext, place: Place, options: AgentOptions = {}): Agent => {
  const listen = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.2:0'];
  const running = startProcess(
    t,
    command(options, 'run', ...place.flags, ...listen, ...(options.flags ?? [])),
    options.env,
  );
  const otherwise = (): string => {
    const { exitCode, signalCode } = running.child;
    const state = exitCode === null && signalCode === null ? 'it runs' : `it ended with ${signalCode ?? exitCode}`;
    return `${state}\n${running.output()}\n${JSON.stringify(place.files(), undefined, 1)}`;
  };
  const listener = async (host: string): Promise<string> => {
    const look = (): string | undefined =>
      running.output().match(new RegExp(`listening on (http://${host}:\\d+)`))?.[1];
    const { found } = await until('the agent listens', look, { otherwise, limitMs: 3 * generousMs });
    return found;
  };
  const address = (path: string): Promise<string> =>
    listener(/^\/(?:api\/|\?|$)/.test(path) ? '127.0.0.2' : '127.0.0.1');
  return {
    ...running,
    place,
    status: async () => {
      try {
        return await askStatus(place);
      } catch (cause) {
        throw new Error(`no status: ${otherwise()}`, { cause });
      }
    },
    whenStatus: async (what, isSo, limitMs = generousMs) => {
      let last: Status | undefined;
      const { found } = await until(
        what,
        async () => {
          last = await askStatus(place);
          return isSo(last) ? last : undefined;
        },
        { limitMs, otherwise: () => `${JSON.stringify(last, undefined, 1)}\n${otherwise()}` },
      );
      return found;
    },
    address,
    get: async (path) => {
      const response = await fetch((await address(path)) + path);
      return { code: response.status, body: await response.text() };
    },
    until: async (what, look, limitMs = generousMs) => (await until(what, look, { limitMs, otherwise })).ms,
  };
};

/** Starts it and waits for its first pass. */
export const startReadyAgent = async (t: TestContext, place: Place, options: AgentOptions = {}): Promise<Agent> => {
  const agent = startAgent(t, place, options);
  const early = agent.ended.then(({ code, signal, output }): never => {
    throw new Error(`the agent ended with ${signal ?? code} before its first pass: ${output}`);
  });
  const ready = agent.until('the agent is ready', async () => (await agent.status()).ready, 3 * generousMs);
  await Promise.race([ready, early]);
  early.catch(() => undefined);
  return agent;
};

/** One command of the command line on a place. */
export const handspegel = async (
  t: TestContext,
  place: Place,
  words: readonly string[],
  options: AgentOptions = {},
): Promise<Ended> => {
  const [name = '', ...args] = words;
  return startProcess(t, command(options, name, ...args, ...place.flags), options.env).ended;
};

/** Any other program, to its end, which comes after `limitMs` at the latest; throws when it fails. */
export const run = async (t: Scope, words: readonly string[], limitMs?: number): Promise<string> => {
  const running = startProcess(t, words);
  const limit = limitMs === undefined ? undefined : setTimeout(() => running.child.kill('SIGKILL'), limitMs);
  const ended = await running.ended;
  clearTimeout(limit);
  if (ended.code !== 0) throw new Error(`${words.join(' ')} ended with ${ended.code ?? ended.signal}: ${ended.output}`);
  return ended.stdout;
};
