import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { run, startProcess, type Wrap } from './agent.ts';
import { createNetwork } from './namespaces.ts';
import { until } from './until.ts';

/** Where the registries listen; nobody is at `closed`. */
export const ports = { http: 5000, https: [443, 5443], closed: 5001 };

/** One request; without method and URL, an attempt at TLS with a server that speaks plain HTTP. */
export type Asked = { readonly host: string; readonly method?: string; readonly url?: string };

export type RegistryWorld = {
  readonly wrap: Wrap;
  /** Runs a shell script in that network; throws when it fails. */
  readonly sh: (script: string) => Promise<string>;
  /** Requests since the last time this was asked. */
  readonly asked: () => readonly Asked[];
};

const names = [
  ...['first', 'second', 'empty', 'empty-too', 'broken', 'mute', 'closed', 'gone', 'registry'].map(
    (name) => `${name}.test`,
  ),
  'registry-1.docker.io',
];

const parseAsked = (line: string): Asked => JSON.parse(line) as Asked;

/**
 * A network of its own in which every name leads to its loopback, with registries there: `first`, `second`, `registry`
 * (HTTPS, trusted) and `registry-1.docker.io` (HTTPS) have every image, `empty` none, `broken` answers 500, `mute` hangs
 * up, and nobody listens at `closed` and `gone`.
 */
export const createRegistryWorld = async (t: TestContext, parent: string): Promise<RegistryWorld> => {
  const dir = join(parent, 'registries');
  mkdirSync(dir);
  const network = await createNetwork(t, []);
  const at = (name: string): string => join(dir, name);
  writeFileSync(at('hosts'), `127.0.0.1 localhost ${names.join(' ')}\n::1 localhost\n`);
  writeFileSync(at('resolv.conf'), 'nameserver 127.0.0.1\n');
  await network.sh(`mount --bind ${at('hosts')} /etc/hosts; mount --bind ${at('resolv.conf')} /etc/resolv.conf`);
  const altNames = names.map((name) => `DNS:${name}`).join();
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2'];
  const subject = ['-subj', '/CN=registries of a test', '-addext', `subjectAltName=${altNames}`];
  await run(t, ['openssl', ...request, ...subject, '-keyout', at('key.pem'), '-out', at('cert.pem')]);
  const script = new URL('registries.ts', import.meta.url).pathname;
  const registries = startProcess(t, [...network.wrap, process.execPath, script, dir]);
  await until('the registries listen', () => registries.output().includes('listening') || undefined, {
    otherwise: registries.output,
  });
  return {
    wrap: [...network.wrap, 'env', `SSL_CERT_FILE=${at('cert.pem')}`],
    sh: network.sh,
    asked: () => {
      const lines = readFileSync(at('asked'), 'utf8').split('\n').slice(0, -1);
      truncateSync(at('asked'));
      return lines.map(parseAsked);
    },
  };
};
