import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Running, run, startProcess } from './agent.ts';
import { scratch } from './agent-image.ts';
import type { Scope } from './cleanup.ts';
import { generousMs, until } from './until.ts';

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const kube = join(cache, 'handspegel/bin/kube-1.34/kube');

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** A real API server with its own etcd, on loopback; nothing else runs, so objects are only kept. */
export type ApiServer = {
  readonly url: string;
  /** As the administrator, as somebody else by impersonation, or with a token. */
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    as?: { readonly user?: string; readonly token?: string; readonly type?: string },
  ) => Promise<Answer>;
  /** Ends the API server; its etcd stays. */
  readonly stop: () => Promise<void>;
  /** Starts it again, at the same place. */
  readonly start: () => Promise<void>;
  /** With `audit`: `verb group/resource namespace` of each request that somebody made, each once. */
  readonly requestsOf: (user: string) => readonly string[];
};

type AuditLine = {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly apiGroup?: string; readonly namespace?: string };
};

const readAudit = (file: string, user: string): readonly string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine)
    .flatMap(({ user: { username }, verb, objectRef }) => {
      if (username !== user || objectRef?.resource === undefined) return [];
      const { resource, apiGroup, namespace = 'cluster' } = objectRef;
      return [`${verb} ${apiGroup === undefined ? '' : `${apiGroup}/`}${resource} ${namespace}`];
    });

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export const startApiServer = async (t: Scope, options: { readonly audit?: true } = {}): Promise<ApiServer> => {
  if (!existsSync(kube)) throw new Error(`${kube} is missing: test/e2e/prepare.sh builds it`);
  const dir = scratch(t, 'api');
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
  const key = join(dir, 'sa.key');
  await run(t, ['openssl', 'genrsa', '-out', key, '2048']);
  writeFileSync(join(dir, 'tokens.csv'), 'test-admin,admin,admin,system:masters\n');
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] };
  writeFileSync(join(dir, 'audit.yaml'), JSON.stringify({ ...policy, omitStages: ['RequestReceived'] }));
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const listen = ['--listen-client-urls', at(client), '--advertise-client-urls', at(client)];
  startProcess(t, [
    kube,
    'etcd',
    '--data-dir',
    join(dir, 'etcd'),
    ...listen,
    '--listen-peer-urls',
    at(peer),
    '--initial-advertise-peer-urls',
    at(peer),
    '--initial-cluster',
    `default=${at(peer)}`,
    '--unsafe-no-fsync',
  ]);
  const words = [
    kube,
    'kube-apiserver',
    '--etcd-servers',
    at(client),
    '--cert-dir',
    join(dir, 'certs'),
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${key}`,
    `--service-account-key-file=${key}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${secure}`,
    ...(options.audit === undefined
      ? []
      : [`--audit-log-path=${join(dir, 'audit.log')}`, `--audit-policy-file=${join(dir, 'audit.yaml')}`]),
    // Nobody makes ServiceAccounts for namespaces here.
    '--disable-admission-plugins=ServiceAccount',
  ];
  let server: Running | undefined;
  const url = `https://127.0.0.1:${secure}`;
  const ask: ApiServer['ask'] = (method, path, body, as = {}) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${as.token ?? 'test-admin'}`,
        ...(as.user === undefined ? {} : { 'impersonate-user': as.user }),
        ...(body === undefined ? {} : { 'content-type': as.type ?? 'application/json' }),
      };
      const sent = request(`${url}${path}`, { method, headers, rejectUnauthorized: false }, (response) => {
        const read = async (): Promise<void> => {
          const text = (await response.toArray()).join('');
          const isJson = response.headers['content-type']?.includes('json') === true;
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : { text } });
        };
        read().catch(reject);
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const isReady = async (): Promise<boolean> => (await ask('GET', '/readyz')).status === 200;
  const start = async (): Promise<void> => {
    const started = startProcess(t, words);
    server = started;
    await until('the API server is ready', isReady, { limitMs: 6 * generousMs, otherwise: started.output });
  };
  await start();
  return {
    url,
    ask,
    start,
    requestsOf: (user) => [...new Set(readAudit(join(dir, 'audit.log'), user))].toSorted(),
    stop: async () => {
      await server?.stop('SIGKILL');
    },
  };
};
