import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { atEnd } from './cleanup.ts';

/** How a mirror behaves; what a registry would do is `up`. */
export const behaviours = ['up', 'silent', 'stalls', 'page', 'slow', 'breaks-off', 'error-500', 'not-found'] as const;
export type Behaviour = (typeof behaviours)[number];

export type Mirror = {
  readonly url: string;
  become: (behaviour: Behaviour) => void;
  /** It sends all who ask to another URL. */
  redirect: (to: string) => void;
  /** Manifests behave like this, while `/v2/` is well. */
  becomeDeep: (behaviour: Behaviour) => void;
  /** Requests so far, with their headers. */
  readonly asked: readonly { readonly path: string; readonly authorization: string | undefined }[];
};

const act: Readonly<Record<Behaviour, RequestListener>> = {
  up: (_request, response) => void response.setHeader('content-type', 'application/json').end('{}'),
  silent: () => undefined,
  stalls: (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
  },
  page: (_request, response) => void response.setHeader('content-type', 'text/html').end('<html><title>Hi</title>'),
  slow: (_request, response) => void setTimeout(() => response.end('{}'), 3_000).unref(),
  'breaks-off': (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{', () => response.destroy());
  },
  'error-500': (_request, response) => void response.writeHead(500).end('no'),
  'not-found': (_request, response) => void response.writeHead(404).end('no'),
};

/** A mirror on this address and port whose behaviour the test changes. */
export const startMirror = async (t: TestContext, host: string, port: number): Promise<Mirror> => {
  let shallow: Behaviour = 'up';
  let deep: Behaviour = 'not-found';
  const asked: { path: string; authorization: string | undefined }[] = [];
  let elsewhere: string | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, authorization: request.headers.authorization });
    response.on('error', () => undefined);
    if (elsewhere !== undefined) return void response.writeHead(307, { location: elsewhere }).end();
    return act[path.includes('/manifests/') ? deep : shallow](request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  atEnd(t, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://${host}:${port}`,
    become: (behaviour) => {
      shallow = behaviour;
      elsewhere = undefined;
    },
    redirect: (to) => {
      elsewhere = to;
    },
    becomeDeep: (behaviour) => {
      deep = behaviour;
    },
    asked,
  };
};
