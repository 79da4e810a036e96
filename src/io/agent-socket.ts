import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { textOf } from '../core/error-text.ts';
import { pause as sleep } from '../pause.ts';
import { codeOf, explain, isGone, removeTree } from './disk/files.ts';

export type AgentRequest = { readonly command: string; readonly args: Readonly<Record<string, string | undefined>> };

export type AgentAnswer =
  | { readonly answer: unknown }
  | {
      /** `no-agent`: none listens. `no-answer`: one does and is silent or goes. `refused`: we may not ask it. */
      readonly failure: 'no-agent' | 'no-answer' | 'refused';
      /** Of the agent that listens or listened last, as it knows itself. */
      readonly pid: number | undefined;
      readonly detail: string;
    };

export type ServeOptions = {
  /** The socket, in the state directory; at most 107 bytes, a bound of the kernel. */
  readonly path: string;
  readonly handle: (request: AgentRequest) => Promise<unknown>;
  readonly signal: AbortSignal;
  /** Said once each time it changes: why the command line cannot reach us, or that it can again. */
  readonly report?: (message: string) => void;
  /** Waits before it is looked whether the socket still stands, or tried again: so many milliseconds at most. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

export type AskOptions = AgentRequest & { readonly path: string; readonly timeoutMs: number };

const longestRequest = 64 * 1024;
const longestAnswer = 64 * 1024 * 1024;
const standsMs = 60_000;
const retryMs = 5_000;
/** What a request may still take when the agent ends. */
const lastWordsMs = 500;

const holderFile = (path: string): string => join(dirname(path), 'agent.json');

const readText = async (message: IncomingMessage, longest: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > longest) throw new Error(`longer than ${longest} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const asRequest = (text: string): AgentRequest => {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('command' in value) || typeof value.command !== 'string') {
    throw new Error('a request names a command');
  }
  const given = 'args' in value && typeof value.args === 'object' && value.args !== null ? value.args : {};
  const args = Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { command: value.command, args: Object.fromEntries(args) };
};

const respond = async (handle: ServeOptions['handle'], message: IncomingMessage, response: ServerResponse) => {
  const send = (code: number, value: unknown): void => {
    response.writeHead(code, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(value));
  };
  try {
    send(200, await handle(asRequest(await readText(message, longestRequest))));
  } catch (error) {
    send(400, { ok: false, message: textOf(error) });
  }
};

/** Inode of the socket; `undefined` when it is gone. */
const inodeOf = (path: string): bigint | undefined => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

const remove = (path: string): void => {
  for (const file of [path, holderFile(path)]) {
    try {
      removeTree(file);
    } catch (error) {
      // On a file system that went read-only they stay, and whoever comes next replaces them.
      if (!isGone(error) && !['EROFS', 'EACCES', 'EPERM'].includes(codeOf(error))) throw error;
    }
  }
};

/** Listens on a socket that nobody else may open at any moment; what an earlier agent left is replaced. */
const listen = async (path: string, handle: ServeOptions['handle']): Promise<Server> => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  remove(path);
  // Its usual looks for slow requests, each 30 s, would wake an idle agent; only its own user may connect.
  const options = { connectionsCheckingInterval: 600_000 };
  const server = createServer(options, (message, response) => void respond(handle, message, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is made within this call, so the mask of this process is narrow for no other file.
    const mask = process.umask(0o177);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(mask);
    }
  });
  // Failing to accept one request (EMFILE) is no reason to stop listening.
  server.on('error', () => undefined);
  chmodSync(path, 0o600);
  writeFileSync(holderFile(path), JSON.stringify({ pid: process.pid, started: new Date().toISOString() }), {
    mode: 0o600,
  });
  return server;
};

const explainListen = (error: unknown): string =>
  codeOf(error) === 'EINVAL' ? 'its path is longer than 107 bytes: choose a shorter state directory' : explain(error);

/** Resolves when no request is under way any more, or has had its time. */
const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), lastWordsMs);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });

/** Until the signal is aborted, or the socket is lost with its directory. */
const serveOnce = async ({ path, handle, signal, pause = sleep }: ServeOptions, onReady: () => void): Promise<void> => {
  const server = await listen(path, handle);
  const inode = inodeOf(path);
  // The files go at once, while whoever asked for the end still gets the answer.
  const putAway = (): void => remove(path);
  if (signal.aborted) putAway();
  else signal.addEventListener('abort', putAway, { once: true });
  onReady();
  while (!signal.aborted && inodeOf(path) === inode) await pause(standsMs, signal);
  signal.removeEventListener('abort', putAway);
  await close(server);
};

/**
 * Serves requests of the command line on a Unix socket in the state directory, which only its owner may enter;
 * `agent.json` beside it names our pid for the case that we are stopped. Only the holder of the writer's lock may call
 * this. Resolves when the signal is aborted and both files are gone; a directory that is lost or full is tried again.
 */
export const serveAgentSocket = async (options: ServeOptions): Promise<void> => {
  const { path, signal, report = () => undefined, pause = sleep } = options;
  let said: string | undefined;
  const onReady = (): void => {
    if (said !== undefined) report(`commands can reach the agent again through ${path}`);
    said = undefined;
  };
  while (!signal.aborted) {
    try {
      await serveOnce(options, onReady);
    } catch (error) {
      const message = `commands cannot reach the agent through ${path}: ${explainListen(error)}`;
      if (message !== said) report(message);
      said = message;
      await pause(retryMs, signal);
    }
  }
};

/** The pid that `agent.json` names. */
const holderOf = (path: string): number | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(holderFile(path), 'utf8'));
    return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number'
      ? value.pid
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isGone(error) || codeOf(error) === 'EACCES') return undefined;
    throw error;
  }
};

const failureOf = (error: unknown): 'no-agent' | 'no-answer' | 'refused' => {
  const code = codeOf(error);
  if (isGone(error) || code === 'ECONNREFUSED' || code === 'EINVAL') return 'no-agent';
  return code === 'EACCES' || code === 'EPERM' ? 'refused' : 'no-answer';
};

/** Asks the agent; whatever it answers, or why there is no answer within `timeoutMs`. Never rejects. */
export const askAgent = ({ path, command, args, timeoutMs }: AskOptions): Promise<AgentAnswer> =>
  new Promise((resolve) => {
    const fail = (failure: 'no-agent' | 'no-answer' | 'refused', detail: string): void => {
      clearTimeout(timer);
      resolve({ failure, detail, pid: holderOf(path) });
    };
    const answered = async (response: IncomingMessage): Promise<void> => {
      try {
        const answer: unknown = JSON.parse(await readText(response, longestAnswer));
        clearTimeout(timer);
        resolve({ answer });
      } catch (error) {
        fail('no-answer', `its answer broke off or is none: ${textOf(error)}`);
      }
    };
    // The command itself is only sent to an agent that is awake: one that is stopped must not do it when it wakes, after
    // its asker was told that nothing was changed.
    const headers = { expect: '100-continue' };
    const asking = request(
      { socketPath: path, path: '/', method: 'POST', agent: false, headers },
      (response) => void answered(response),
    );
    const timer = setTimeout(() => {
      fail('no-answer', `no answer in ${timeoutMs} ms`);
      asking.destroy();
    }, timeoutMs);
    asking.on('error', (error) => fail(failureOf(error), textOf(error)));
    asking.on('continue', () => asking.end(JSON.stringify({ command, args })));
    asking.flushHeaders();
  });
