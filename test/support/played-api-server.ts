import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cert, key } from './self-signed.ts';

/** One request for a watch, and what the server does with it. */
export type PlayedWatch = {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token: string;
  /** One event; the answer begins with the first, or with `open`. */
  readonly send: (type: string, object: unknown) => void;
  readonly raw: (text: string) => void;
  readonly open: () => void;
  readonly end: () => void;
  /** Hangs up in the middle. */
  readonly reset: () => void;
  readonly refuse: (status: number) => void;
};

export type PlayedApiServer = {
  readonly url: string;
  readonly asked: readonly PlayedWatch[];
  /** What the kubeconfig's token file holds from now on. */
  readonly rotate: (token: string) => void;
  readonly stop: () => void;
  readonly start: () => Promise<void>;
};

/** Plays an API server with TLS on loopback, for the kubeconfig that KUBECONFIG then names: `play` answers each watch. */
export const playApiServer = async (
  t: TestContext,
  play: (watch: PlayedWatch, turn: number) => void,
): Promise<PlayedApiServer> => {
  const dir = mkdtempSync(join(tmpdir(), 'handspegel-api-'));
  const asked: PlayedWatch[] = [];
  const sockets = new Set<Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '', 'https://x');
    const open = (): void => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    };
    const raw = (text: string): void => {
      open();
      response.write(text);
    };
    const watch: PlayedWatch = {
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      token: (request.headers.authorization ?? '').replace('Bearer ', ''),
      open,
      raw,
      send: (type, object) => raw(`${JSON.stringify({ type, object })}\n`),
      end: () => {
        open();
        response.end();
      },
      reset: () => request.socket.destroy(),
      refuse: (status) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      },
    };
    asked.push(watch);
    play(watch, asked.length);
  };
  let server = createServer({ cert, key }, answer);
  const stop = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const listen = async (port: number): Promise<number> => {
    server = createServer({ cert, key }, answer);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const tokenFile = join(dir, 'token');
  const rotate = (token: string): void => writeFileSync(tokenFile, token);
  rotate('first');
  const url = `https://127.0.0.1:${port}`;
  const authority = Buffer.from(cert).toString('base64');
  const file = join(dir, 'kubeconfig.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority-data': authority } }],
      users: [{ name: 'u', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  process.env['KUBECONFIG'] = file;
  t.after(() => {
    stop();
    rmSync(dir, { recursive: true });
  });
  return {
    url,
    asked,
    rotate,
    stop,
    start: async () => {
      await listen(port);
    },
  };
};
