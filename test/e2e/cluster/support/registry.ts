import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Running, run, startProcess, type Wrap } from '../../support/agent.ts';
import { until } from '../../support/until.ts';
import { upstream, world } from './addresses.ts';

export type RegistryOptions = {
  readonly dir: string;
  readonly listen: string;
  readonly storage: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly wrap?: Wrap;
};

/** Debian's docker-registry; its log names each request. */
export const startRegistry = async (t: TestContext, options: RegistryOptions): Promise<Running> => {
  const { dir, listen, storage, tls, wrap = [] } = options;
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${listen}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      version: 0.1,
      log: { formatter: 'json', level: 'info' },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: listen, ...(tls === undefined ? {} : { tls }) },
    }),
  );
  const registry = startProcess(t, [...wrap, 'docker-registry', 'serve', file]);
  await until('the registry listens', () => registry.output().includes('listening on') || undefined, {
    otherwise: registry.output,
  });
  return registry;
};

/** A certificate for the upstream registry, and the store that trusts it. */
export const makeCertificate = async (
  t: TestContext,
  dir: string,
): Promise<{ readonly certificate: string; readonly key: string }> => {
  const [certificate, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2'];
  const subject = ['-subj', `/CN=${upstream}`, '-addext', `subjectAltName=DNS:${upstream},IP:${world}`];
  await run(t, ['openssl', ...request, ...subject, '-keyout', key, '-out', certificate]);
  return { certificate, key };
};
