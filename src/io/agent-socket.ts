import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';

export type AgentRequest = { readonly command: string; readonly args: Readonly<Record<string, string | undefined>> };

export type AgentAnswer =
  | { readonly answer: unknown }
  | {
      readonly failure: 'no-agent' | 'no-answer' | 'refused';
      readonly pid: number | undefined;
      readonly detail: string;
    };

const holderFile = (path: string): string => join(dirname(path), 'agent.json');
const longestRequest = 65_536;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const readBody = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > longestRequest) throw new Error('the request is too long');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const asRequest = (text: string): AgentRequest => {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('command' in value) || typeof value.command !== 'string') {
    throw new Error('a request names a command');
  }
  const args = 'args' in value && typeof value.args === 'object' && value.args !== null ? value.args : {};
  return { command: value.command, args: args as AgentRequest['args'] };
};

const respond = async (
  handle: (request: AgentRequest) => Promise<unknown>,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const send = (code: number, value: unknown): void => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  try {
    send(200, await handle(asRequest(await readBody(message))));
  } catch (error) {
    send(400, { ok: false, message: error instanceof Error ? error.message : String(error) });
  }
};

/**
 * Serves requests of the command line on a Unix socket in the state directory, which only root may enter; `agent.json`
 * beside it names our pid for the case that we are stopped. Only the holder of the writer's lock may call this: what an
 * earlier agent left is replaced. Resolves when the signal is aborted and both files are gone.
 */
export const serveAgentSocket = async (options: {
  readonly path: string;
  readonly handle: (request: AgentRequest) => Promise<unknown>;
  readonly signal: AbortSignal;
}): Promise<void> => {
  const { path, handle, signal } = options;
  const server = createServer((message, response) => void respond(handle, message, response));
  const remove = (): void => {
    rmSync(path, { force: true });
    rmSync(holderFile(path), { force: true });
  };
  if (signal.aborted) return;
  remove();
  const failed = new Promise<never>((_, reject) => server.once('error', reject));
  const listening = new Promise<void>((resolve) => server.listen(path, resolve));
  await Promise.race([listening, failed]);
  chmodSync(path, 0o600);
  writeFileSync(holderFile(path), JSON.stringify({ pid: process.pid }), { mode: 0o600 });
  const stop = Promise.withResolvers<void>();
  // The files go at once, while whoever asked for the end still gets the answer.
  const onAbort = (): void => {
    remove();
    server.close(() => stop.resolve());
    setTimeout(() => server.closeAllConnections(), 500).unref();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  await stop.promise;
};

const holderOf = (path: string): number | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(holderFile(path), 'utf8'));
    return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number'
      ? value.pid
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || ['ENOENT', 'EACCES', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
};

/** Asks the agent; `no-agent` when none listens, `no-answer` when it is silent for `timeoutMs`. */
export const askAgent = (options: {
  readonly path: string;
  readonly command: string;
  readonly args: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}): Promise<AgentAnswer> =>
  new Promise((resolve) => {
    const { path, command, args, timeoutMs } = options;
    const fail = (failure: 'no-agent' | 'no-answer' | 'refused', detail: string): void =>
      resolve({ failure, detail, pid: holderOf(path) });
    const asking = request({ socketPath: path, path: '/', method: 'POST', agent: false }, (response) => {
      readBody(response).then(
        (text) => resolve({ answer: JSON.parse(text) as unknown }),
        (error: unknown) => fail('no-answer', String(error)),
      );
    });
    const timer = setTimeout(() => {
      fail('no-answer', `no answer in ${timeoutMs} ms`);
      asking.destroy();
    }, timeoutMs);
    asking.on('close', () => clearTimeout(timer));
    asking.on('error', (error) => {
      const code = codeOf(error);
      if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(code)) fail('no-agent', error.message);
      else if (['EACCES', 'EPERM'].includes(code)) fail('refused', error.message);
      else fail('no-answer', error.message);
    });
    asking.end(JSON.stringify({ command, args }));
  });
