import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { run, type Wrap } from '../../support/agent.ts';
import { kubeBinary } from '../../support/built.ts';
import { generousMs, until } from '../../support/until.ts';
import { serviceNetwork } from './addresses.ts';
import { createPart, type Part } from './part.ts';

export type ControlPlane = {
  readonly etcd: Part;
  readonly apiServer: Part;
  /** Another kubeconfig for a user of this cluster. */
  readonly kubeconfig: (user: string) => string;
  /** GET as the administrator. */
  readonly get: (path: string) => Promise<unknown>;
  readonly whenReady: () => Promise<void>;
  readonly logs: () => string;
};

/** Who may come, besides the nodes: name, id and group, as the API server reads them. */
const users: Readonly<Record<string, string>> = {
  admin: 'admin,admin,system:masters',
  'controller-manager': 'system:kube-controller-manager,controller-manager',
  scheduler: 'system:kube-scheduler,scheduler',
  proxy: 'system:kube-proxy,proxy',
};

const token = (user: string): string => `token-of-${user}`;

/** etcd, API server, controller manager and scheduler in the network of the node that `wrap` leads into. */
export const startControlPlane = async (
  t: TestContext,
  options: { readonly dir: string; readonly address: string; readonly wrap: Wrap; readonly nodes: readonly string[] },
): Promise<ControlPlane> => {
  const { dir, address, wrap, nodes } = options;
  if (!existsSync(kubeBinary)) throw new Error(`${kubeBinary} is missing: test/e2e/prepare.sh builds it`);
  mkdirSync(dir, { recursive: true });
  const at = (name: string): string => join(dir, name);
  const people = [
    ...Object.entries(users),
    ...nodes.map((node): [string, string] => [node, `system:node:${node},${node},system:nodes`]),
  ];
  writeFileSync(at('tokens.csv'), people.map(([user, words]) => `${token(user)},${words}\n`).join(''));
  await run(t, ['openssl', 'genrsa', '-out', at('sa.key'), '2048']);
  const server = `https://${address}:6443`;
  const authority = at('certs/apiserver.crt');
  const kubeconfig = (user: string): string => {
    const file = at(`${user}.kubeconfig`);
    const name = 'cluster';
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name, cluster: { server, 'certificate-authority': authority } }],
        users: [{ name, user: { token: token(user) } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        'current-context': name,
      }),
    );
    return file;
  };
  const part = (...words: readonly string[]): Part => {
    const made = createPart(t, [...wrap, kubeBinary, ...words]);
    made.start();
    return made;
  };
  const etcdUrl = 'http://127.0.0.1:2379';
  const etcd = part(
    'etcd',
    `--data-dir=${at('etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--unsafe-no-fsync',
  );
  const apiServer = part(
    'kube-apiserver',
    `--etcd-servers=${etcdUrl}`,
    `--cert-dir=${at('certs')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${at('sa.key')}`,
    `--service-account-key-file=${at('sa.key')}`,
    `--token-auth-file=${at('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    `--service-cluster-ip-range=${serviceNetwork}`,
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    '--secure-port=6443',
  );
  const get = async (path: string): Promise<unknown> => {
    const options = { ca: readFileSync(authority), headers: { authorization: `Bearer ${token('admin')}` } };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${server}${path}`, options, resolve).on('error', reject).end();
    });
    const text = (await response.toArray()).join('');
    if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode} ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  };
  const whenReady = async (): Promise<void> => {
    await until('the API server is ready', () => get('/readyz'), { limitMs: 6 * generousMs, otherwise: apiServer.log });
  };
  await whenReady();
  const controllerManager = part(
    'kube-controller-manager',
    `--kubeconfig=${kubeconfig('controller-manager')}`,
    `--service-account-private-key-file=${at('sa.key')}`,
    `--root-ca-file=${authority}`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--allocate-node-cidrs=false',
  );
  const scheduler = part('kube-scheduler', `--kubeconfig=${kubeconfig('scheduler')}`, '--leader-elect=false');
  const parts = { etcd, apiServer, controllerManager, scheduler };
  const logs = (): string =>
    Object.entries(parts)
      .map(([name, { log }]) => `--- ${name}\n${log().split('\n').slice(-12).join('\n')}`)
      .join('\n');
  return { etcd, apiServer, kubeconfig, get, whenReady, logs };
};
