import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultSettings } from '../../src/core/config/settings.ts';
import type { Mirror } from '../../src/core/gate/mirror.ts';
import { createProbes } from '../../src/probes.ts';
import { localMirror } from '../support/local-mirror.ts';
import { families } from '../support/spegel/families.ts';
import { createSpegelRegistry } from '../support/spegel/registry.ts';

// No Spegel that does what Spegel does may be taken for a bad mirror.

const mirrorAt = (port: number): Mirror => localMirror(`http://127.0.0.1:${port}`, { port });

const held = { registry: 'docker.io', repository: 'library/busybox', digest: `sha256:${'a'.repeat(64)}` };
const local = { host: '127.0.0.1', port: 0 };

describe('a healthy Spegel', () => {
  for (const family of families) {
    for (const [what, options] of [
      ['that knows its peers', {}],
      ['alone in its cluster, which is never ready', { ready: false }],
      ['that wants credentials', { basicAuth: { username: 'user', password: 'pass' } }],
      ['with one port', { addresses: [local] }],
    ] as const) {
      it(`is up, at /v2/ and at a deep look: ${family}, ${what}`, async (t) => {
        const spegel = await createSpegelRegistry({ family, addresses: [local, local], ...options });
        t.after(() => spegel.close());
        const timeoutMs = (): number => defaultSettings.probe.timeout * 5;
        const probe = createProbes({ now: () => 0, timeoutMs, held: () => held });
        const signal = new AbortController().signal;
        for (const port of spegel.ports) {
          for (const depth of ['shallow', 'deep'] as const) {
            const { verdict, detail } = await probe(mirrorAt(port), depth, signal);
            assert.equal(verdict, 'up', `${depth}: ${detail}`);
          }
        }
      });
    }
  }
});
