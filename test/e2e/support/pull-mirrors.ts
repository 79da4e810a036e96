import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isBlob, reply, serveImage } from './registry-answers.ts';

// A process of its own, to be run inside a network of its own: the mirrors of many nodes, at the two ports of each
// address, with every image, below every path. On the Unix socket that the command line names `PUT /ADDRESS/BEHAVIOUR`
// makes the mirrors of an address behave so, answered when they do, and `GET /ADDRESS` tells who asked them for what.

const [socketPath = ''] = process.argv.slice(2);
const ports = [30020, 30021];
const html = '<!doctype html><html><title>Please log in</title></html>';

/** One request to a mirror. */
export type AskedMirror = { readonly path: string; readonly from: string };
type Node = {
  readonly servers: Server[];
  readonly sockets: Set<Socket>;
  readonly asked: AskedMirror[];
  behaviour: string;
};
const nodes = new Map<string, Node>();

const pathOf = (url = '/'): string => new URL(url, 'http://mirror').pathname;

const serve: RequestListener = ({ url }, response) => {
  const path = pathOf(url);
  if (path.endsWith('/')) reply(response, 200, 'application/json', '{}');
  else serveImage(response, path);
};

/** As a process that is killed: its ports are closed, and connections end after what the kernel already had. */
const die = (node: Node): void => {
  node.behaviour = 'refuses';
  for (const server of node.servers.splice(0)) server.close();
  for (const socket of node.sockets) socket.destroy();
};

/** Sends half of a body, then goes on as `then` says. */
const half = (response: ServerResponse, path: string, then: () => void): void => {
  const end = response.end.bind(response);
  response.end = (chunk?: unknown): ServerResponse => {
    if (!(chunk instanceof Uint8Array)) return end();
    response.write(chunk.subarray(0, chunk.length / 2), then);
    return response;
  };
  serveImage(response, path);
};

const act = (node: Node): RequestListener => {
  const answers: Readonly<Record<string, RequestListener>> = {
    up: serve,
    silent: () => undefined,
    stalls: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
      response.flushHeaders();
    },
    page: (_request, response) => reply(response, 200, 'text/html; charset=utf-8', html),
    slow: (request, response) => void setTimeout(() => serve(request, response), 3_000),
    'error-500': (_request, response) => reply(response, 500, 'text/plain', 'broken'),
    'not-found': (_request, response) => reply(response, 404, 'application/json', '{}'),
    dies: (request, response) => {
      const path = pathOf(request.url);
      if (isBlob(path)) half(response, path, () => die(node));
      else serve(request, response);
    },
    'silent-manifests': (request, response) => {
      if (!pathOf(request.url).includes('/manifests/')) serve(request, response);
    },
    'stalls-in-blobs': (request, response) => {
      const path = pathOf(request.url);
      if (isBlob(path)) half(response, path, () => undefined);
      else serve(request, response);
    },
  };
  return (request, response) => {
    response.on('error', () => undefined);
    node.asked.push({ path: pathOf(request.url), from: request.socket.remoteAddress ?? '' });
    answers[node.behaviour]?.(request, response);
  };
};

const listen = (node: Node, address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer(act(node));
    server.on('connection', (socket) => {
      node.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => node.sockets.delete(socket));
    });
    server.once('error', reject);
    server.listen(port, address, resolve);
    node.servers.push(server);
  });

const become = async (address: string, behaviour: string): Promise<void> => {
  const node = nodes.get(address) ?? { servers: [], sockets: new Set<Socket>(), asked: [], behaviour };
  nodes.set(address, node);
  // Connections that a probe or containerd keeps are served by what the mirrors are now.
  if (behaviour === 'refuses') die(node);
  node.behaviour = behaviour;
  if (behaviour === 'refuses' || node.servers.length > 0) return;
  await Promise.all(ports.map((port) => listen(node, address, port)));
};

const control = createServer((request, response) => {
  const [, address = '', behaviour = ''] = pathOf(request.url).split('/');
  if (request.method === 'GET') {
    response.end(JSON.stringify(nodes.get(decodeURIComponent(address))?.asked ?? []));
    return;
  }
  become(decodeURIComponent(address), behaviour).then(
    () => response.end('ok'),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
control.listen(socketPath, () => process.stdout.write('listening\n'));
