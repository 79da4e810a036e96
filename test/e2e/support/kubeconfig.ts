import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A kubeconfig for a test's API server, as its administrator; gives its path. */
export const kubeconfigOf = (dir: string, server: string, token = 'test-admin'): string => {
  const file = join(dir, 'kubeconfig.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return file;
};
