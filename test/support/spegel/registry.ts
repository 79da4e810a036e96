import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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

const errorBody = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });

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
export async function createRegistry(options: RegistryOptions): Promise<SpegelRegistry> {
  const { family, basicAuth, content = new Map<string, Uint8Array>() } = options;
  const wanted = authorization(basicAuth);
  const behaviour = new Map<number, Behaviour>();
  const servers = new Map<number, Server>();
  const requests: SeenRequest[] = [];
  let ready = options.ready ?? true;
  let closed: Promise<void> | undefined;

  function answer(path: string, request: IncomingMessage, response: ServerResponse): void {
    const health = traitsOf(family).health;
    if (path === `/${health}`) return void response.writeHead(ready ? 200 : 500).end();
    if (path === '/livez' && health === 'readyz') return void response.writeHead(200).end();
    const readOnly = request.method === 'GET' || request.method === 'HEAD';
    if (!readOnly || (path !== '/v2' && !path.startsWith('/v2/'))) return void response.writeHead(404).end();
    if (path === '/v2' && health === 'readyz') return void response.writeHead(301, { location: '/v2/' }).end();
    if (wanted !== '' && request.headers.authorization !== wanted) {
      const body = errorBody('UNAUTHORIZED', 'invalid credentials');
      return void response.writeHead(401, { 'content-type': 'application/json' }).end(body);
    }
    if (path === '/v2' || path === '/v2/') return void response.writeHead(200).end();
    const bytes = content.get(path);
    if (bytes !== undefined) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    const code = path.includes('/blobs/') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN';
    response.writeHead(404, { 'content-type': 'application/json' }).end(errorBody(code, 'could not find peer'));
  }

  function handle(port: number, request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://spegel');
    const how = behaviour.get(port) ?? 'well';
    if (how === 'well') answer(url.pathname, request, response);
    else if (how === 'error') response.writeHead(500).end();
    else if (how === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    else if (how === 'stall') response.writeHead(200, { 'content-length': 1024 }).write('{"schemaVersion":2,');
    // 'hang': the request is read and never answered.
    requests.push({
      port,
      method: request.method ?? '',
      path: url.pathname,
      namespace: url.searchParams.get('ns') ?? undefined,
      status: response.headersSent ? response.statusCode : undefined,
    });
  }

  async function open(address: Address): Promise<number> {
    let port = address.port;
    const server = createServer((request, response) => handle(port, request, response));
    port = await listen(server, address);
    servers.set(port, server);
    return port;
  }

  async function shut(port: number): Promise<void> {
    const server = servers.get(port);
    servers.delete(port);
    if (server !== undefined) await stop(server);
  }

  const addresses = new Map<number, Address>();
  const ports: number[] = [];
  try {
    for (const address of options.addresses) {
      const port = await open(address);
      ports.push(port);
      addresses.set(port, { host: address.host, port });
    }
  } catch (error) {
    await Promise.all(ports.map(shut));
    throw error;
  }

  return {
    ports,
    requests,
    async behave(how, only) {
      for (const [port, address] of addresses) {
        if (only !== undefined && port !== only) continue;
        behaviour.set(port, how);
        if (how === 'refuse') await shut(port);
        else if (!servers.has(port)) await open(address);
        // A kept connection would show the old behaviour.
        else servers.get(port)?.closeIdleConnections();
      }
    },
    setReady(value) {
      ready = value;
    },
    close() {
      closed ??= Promise.all([...servers.keys()].map(shut)).then(() => undefined);
      return closed;
    },
  };
}
