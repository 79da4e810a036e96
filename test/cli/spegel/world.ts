import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { handspegel } from '../../support/command-line.ts';
import { scratchDirectory } from '../../support/directory.ts';
import { createFakeHelm, type FakeAnswers } from '../../support/fake-helm.ts';

export type World = FakeAnswers & {
  readonly config?: string;
  /** Names and runtimes. */
  readonly nodes?: Readonly<Record<string, string>>;
  readonly daemonSets?: readonly unknown[] | 'forbidden';
  readonly namespaces?: readonly string[];
};

const pageSize = 2;

/** The cluster as far as it is asked: nodes page by page, DaemonSets, namespaces. */
const startApi = async (
  t: TestContext,
  { nodes = { n1: 'containerd', n2: 'containerd' }, daemonSets = [], namespaces = [] }: World,
) => {
  const all = Object.entries(nodes).map(([name, runtime]) => ({
    metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
    status: { nodeInfo: { containerRuntimeVersion: `${runtime}://1.2.3` } },
  }));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const say = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname === '/api/v1/nodes') {
      const from = Number(searchParams.get('continue') ?? 0);
      const next = from + pageSize < all.length ? { continue: String(from + pageSize) } : {};
      return say(200, { metadata: next, items: all.slice(from, from + pageSize) });
    }
    if (pathname === '/apis/apps/v1/daemonsets') {
      return daemonSets === 'forbidden' ? say(403, { message: 'no' }) : say(200, { items: daemonSets });
    }
    const name = pathname.split('/').at(-1) ?? '';
    return namespaces.includes(name) ? say(200, {}) : say(404, { message: `namespaces "${name}" not found` });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A cluster, a Helm that answers, and the command line beside them. */
export const enter = async (t: TestContext, world: World) => {
  const dir = scratchDirectory();
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'config.yaml');
  writeFileSync(file, world.config ?? '');
  const helm = createFakeHelm(dir, world);
  const api = await startApi(t, world);
  const run = (command: string, ...more: readonly string[]) => {
    const config = command === 'uninstall' ? [] : ['--config', file];
    const cluster = /values|manifest/.test(command) ? [] : ['--helm', helm.program, '--api-server', api];
    return handspegel(['spegel', command, ...config, ...cluster, ...more]);
  };
  return { helm, run, file, api };
};

export const enabled = (value: boolean): string => `cluster: {addon: {spegel: {enabled: ${value}}}}\n`;
export const ourValues = {
  service: { registry: { hostPort: 30020, nodePort: 30021 } },
  spegel: { containerdMirrorAdd: true, containerdRegistryConfigPath: '/etc/containerd/certs.d' },
};
/** What Helm tells of a release that is as wanted. */
export const release = {
  chart: 'spegel-0.7.4',
  status: 'deployed',
  description: 'handspegel 0.1.0',
  values: ourValues,
};
export const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text) as Record<string, unknown>;
