import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { type Family, traitsOf } from './families.ts';
import { authorization, type BasicAuth } from './files.ts';

/** How a port answers: as Spegel does, or in one of the ways in which a mirror goes wrong. */
export const behaviours = ['well', 'hang', 'stall', 'html', 'error', 'refuse'] as const;

export type Behaviour = (typeof behaviours)[number];

export interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RegistryOptions {
  readonly family: Family;
  /** The pod's host port and the Service's node port, or just one. */
  readonly addresses: readonly Address[];
  /** Demanded when given. */
  readonly basicAuth?: BasicAuth | undefined;
  /** The router knows other peers. */
  readonly ready?: boolean;
  /** Content of this node by path, such as `/v2/a/manifests/b`; everything else is a miss. */
  readonly content?: ReadonlyMap<string, Uint8Array>;
}

export interface SeenRequest {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  /** The registry that containerd asks for. */
  readonly namespace: string | undefined;
  readonly status: number | undefined;
}

export interface SpegelRegistry {
  /** The ports in the order of the addresses. */
  readonly ports: readonly number[];
  readonly requests: readonly SeenRequest[];
  /** Changes one port, or all; resolves when new requests meet the new behaviour. */
  behave(behaviour: Behaviour, port?: number): Promise<void>;
  setReady(ready: boolean): void;
  /** Ends every connection; may be called again. */
  close(): Promise<void>;
}

const page = '<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>';

/** One address; without a server it refuses. */
interface Door {
  address: Address;
  behaviour: Behaviour;
  server: Server | undefined;
}

interface Reply {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: isIPv6(host) }, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * The running registry of Spegel, seen from containerd and from a probe.
 * Source: Handler, readyHandler and registryHandler in pkg/registry/registry.go (v0.4.0 to main); handle in v0.0.30 to
 * v0.3.0, where /healthz stands for readiness.
 */
export async function createSpegelRegistry(options: RegistryOptions): Promise<SpegelRegistry> {
  const { family, basicAuth, content = new Map<string, Uint8Array>() } = options;
  const wanted = authorization(basicAuth);
  const doors: Door[] = [];
  const requests: SeenRequest[] = [];
  let ready = options.ready ?? true;
  let closed: Promise<void> | undefined;

  const health = traitsOf(family).health;
  // Up to v0.3.0 an error has no body.
  const fails = (status: number, code: string, message: string): Reply =>
    health === 'healthz'
      ? { status }
      : {
          status,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ errors: [{ code, message }] }),
        };

  function answer(url: URL, { method, headers }: IncomingMessage): Reply {
    const path = url.pathname;
    if (path === `/${health}` && method === 'GET') return { status: ready ? 200 : 500 };
    if (path === '/livez' && method === 'GET' && health === 'readyz') return { status: 200 };
    const readOnly = method === 'GET' || method === 'HEAD';
    if (!readOnly || (path !== '/v2' && !path.startsWith('/v2/'))) return { status: 404 };
    if (path === '/v2' && health === 'readyz') return { status: 307, headers: { location: '/v2/' } };
    if (wanted !== '' && headers.authorization !== wanted) return fails(401, 'UNAUTHORIZED', 'invalid credentials');
    if (path === '/v2' || path === '/v2/') return { status: 200 };
    const [, kind, reference = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
    const isTag = kind === 'manifests' && !reference.includes(':');
    if (kind === undefined || (isTag && !url.searchParams.has('ns'))) return { status: 404 };
    const body = content.get(path);
    if (body !== undefined) return { status: 200, headers: { 'content-length': body.length }, body };
    return fails(404, kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', `could not find peer for ${reference}`);
  }

  function handle({ address: { port }, behaviour }: Door, request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(`http://spegel${request.url ?? '/'}`);
    if (behaviour === 'well') {
      const { status, headers, body } = answer(url, request);
      response.writeHead(status, headers).end(body);
    } else if (behaviour === 'error') response.writeHead(500).end();
    else if (behaviour === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    else if (behaviour === 'stall') response.writeHead(200, { 'content-length': 1024 }).write('{"schemaVersion":2,');
    // 'hang': the request is read and never answered.
    requests.push({
      port,
      method: request.method ?? '',
      path: url.pathname,
      namespace: url.searchParams.get('ns') ?? undefined,
      status: response.headersSent ? response.statusCode : undefined,
    });
  }

  /** Gives the port it listens on. */
  function open(door: Door): Promise<number> {
    const server = createServer((request, response) => handle(door, request, response));
    door.server = server;
    return listen(server, door.address);
  }

  async function shut(door: Door): Promise<void> {
    const { server } = door;
    door.server = undefined;
    if (server !== undefined) await stop(server);
  }

  async function change(door: Door, behaviour: Behaviour): Promise<void> {
    if (behaviour === 'refuse') await shut(door);
    else if (door.server === undefined) await open(door);
    door.behaviour = behaviour;
  }

  try {
    for (const address of options.addresses) {
      const door: Door = { address, behaviour: 'well', server: undefined };
      doors.push(door);
      door.address = { ...address, port: await open(door) };
    }
  } catch (error) {
    await Promise.all(doors.map(shut));
    throw error;
  }

  return {
    ports: doors.map((door) => door.address.port),
    requests,
    async behave(behaviour, port) {
      for (const door of doors) if (port === undefined || door.address.port === port) await change(door, behaviour);
    },
    setReady(value) {
      ready = value;
    },
    close() {
      closed ??= Promise.all(doors.map(shut)).then(() => undefined);
      return closed;
    },
  };
}
