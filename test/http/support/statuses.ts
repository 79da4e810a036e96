import type { Explanation } from '../../../src/core/containerd/explain.ts';
import type { Verdict } from '../../../src/core/gate/verdict.ts';
import type { FileStatus, MirrorStatus, Status } from '../../../src/core/status.ts';

/** When all of these were taken. */
export const at = '2026-11-23T03:04:05.000Z';
const atMs = Date.parse(at);

export const before = (seconds: number): string => new Date(atMs - seconds * 1_000).toISOString();

type Samples = MirrorStatus['recent'];

/** Answers every `every` seconds of the last 15 minutes; what the newest `bad` seconds saw instead. */
export const samples = (options: {
  readonly every: number;
  readonly latencyMs: number;
  readonly bad?: { readonly seconds: number; readonly until?: number; readonly verdict: Verdict };
}): Samples => {
  const { every, latencyMs, bad } = options;
  const count = Math.floor(900 / every);
  return Array.from({ length: count }, (_, i) => {
    const age = (count - 1 - i) * every;
    const isBad = bad !== undefined && age < bad.seconds && age >= (bad.until ?? 0);
    // A fixed wave: pictures of it are the same each time.
    const wave = 1 + 0.35 * Math.sin(i / 5) + 0.25 * Math.sin(i * 1.7) + (i % 41 === 0 ? 2 : 0);
    const ms = Math.round(latencyMs * wave * 10) / 10;
    return isBad
      ? { at: before(age), verdict: bad.verdict, latencyMs: bad.verdict === 'refused' ? 0.3 : 1_000 }
      : { at: before(age), verdict: 'up', latencyMs: ms };
  });
};

export const mirror = (given: Partial<MirrorStatus> & { readonly url: string }): MirrorStatus => {
  const recent = given.recent ?? samples({ every: 5, latencyMs: 3 });
  const { hostname, port } = new URL(given.url);
  return {
    role: 'local',
    address: hostname,
    port: Number(port || 443),
    verdict: 'up',
    since: before(11_530),
    latencyMs: recent.at(-1)?.latencyMs ?? 0,
    detail: 'HTTP 200',
    withdrawn: false,
    registries: ['_default'],
    recent,
    ...given,
  };
};

export const file = (given: Partial<FileStatus> & { readonly path: string }): FileStatus => ({
  action: 'keep',
  reason: 'up-to-date',
  detail: 'as the template asks for it',
  writer: 'ours',
  ...given,
});

const local = mirror({ url: 'http://10.0.0.5:30020', recent: samples({ every: 5, latencyMs: 2.1 }) });
const service = mirror({
  url: 'http://10.0.0.5:30021',
  role: 'service',
  recent: samples({ every: 5, latencyMs: 4.6 }),
});
const control = mirror({
  url: 'http://10.0.0.1:30020',
  role: 'control-plane',
  registries: ['registry.example.com'],
  recent: samples({ every: 60, latencyMs: 6 }),
});
const harbor = mirror({
  url: 'https://harbor.example.com/v2/proxy',
  role: 'foreign',
  registries: ['quay.io'],
  recent: samples({ every: 60, latencyMs: 31 }),
});

const spegelsFile = file({
  path: '_default/hosts.toml',
  action: 'leave',
  reason: 'spegel-owns-it',
  detail: "Spegel's file stands and its mirrors answer",
  writer: 'spegel',
});

/** Spegel is at work and everything answers. */
export const well: Status = {
  agentVersion: '0.1.0',
  pid: 1_234,
  certsDir: '/etc/containerd/certs.d',
  at,
  phase: { phase: 'spegel', since: before(11_530), reason: "_default/hosts.toml is Spegel's" },
  ready: true,
  waitingFor: undefined,
  node: {
    name: 'worker-17',
    addresses: ['10.0.0.5', 'fd00::5'],
    controlPlane: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    runtime: 'containerd',
    containerdVersion: '2.2.9',
  },
  configuration: { source: '/etc/handspegel/config.yaml', sha256: 'c0ffee5eed'.repeat(6), inForce: 'mounted' },
  gate: 'enforce',
  spegel: { mode: 'adds-mirrors', reason: '' },
  files: [
    spegelsFile,
    file({ path: 'registry.example.com/hosts.toml', source: 'extension:my-registry' }),
    file({
      path: 'quay.io/hosts.toml',
      action: 'leave',
      reason: 'not-ours',
      detail: 'no template points here: somebody else looks after it',
      writer: 'foreign',
    }),
  ],
  mirrors: [local, service, control, harbor],
  problems: [],
  journal: [
    { at: before(12_400), event: 'phase', detail: 'start -> bootstrap: Spegel has written no file on this node' },
    {
      at: before(12_399),
      event: 'write:bootstrap',
      path: '_default/hosts.toml',
      detail: 'this node, then the control plane',
    },
    { at: before(11_532), event: 'spegel-at-work', detail: 'registry.example.com went to _backup/' },
    { at: before(11_531), event: 'spegel-done', detail: 'spegel-wrote' },
    {
      at: before(11_530),
      event: 'write:template',
      path: 'registry.example.com/hosts.toml',
      detail: 'Spegel moved it away: it is put back from its template',
    },
    { at: before(11_530), event: 'phase', detail: "bootstrap -> spegel: _default/hosts.toml is Spegel's" },
  ],
};

/** A worker that boots: Spegel has not come yet. */
export const bootstrap: Status = {
  ...well,
  phase: { phase: 'bootstrap', since: before(42), reason: 'Spegel has written no file on this node' },
  files: [
    file({
      path: '_default/hosts.toml',
      reason: 'bootstrap',
      detail: 'this node, then the control plane',
      source: 'built-in',
    }),
  ],
  mirrors: [
    {
      ...local,
      verdict: 'refused',
      detail: 'connection refused',
      latencyMs: 0.3,
      since: before(40),
      recent: samples({ every: 5, latencyMs: 1, bad: { seconds: 900, verdict: 'refused' } }).slice(-8),
    },
    { ...control, registries: ['_default'], recent: control.recent.slice(-2) },
  ],
  journal: well.journal.slice(0, 2),
};

/** Spegel hangs: its mirrors are taken out of its own file. */
export const withdrawn: Status = {
  ...well,
  phase: {
    phase: 'withdrawn',
    since: before(312),
    reason: '_default/hosts.toml: http://10.0.0.5:30020 and http://10.0.0.5:30021 are taken out',
  },
  files: [
    {
      ...spegelsFile,
      action: 'keep',
      reason: 'withdrawn',
      writer: 'ours',
      standIn: 'withdrawn',
      detail: "stands in for Spegel's file until its mirrors answer twice again",
      withdrawn: [local.url, service.url],
    },
    ...well.files.slice(1),
  ],
  mirrors: [
    {
      ...local,
      verdict: 'hung',
      since: before(322),
      latencyMs: 1_000,
      detail: 'connected, no complete answer within 1 s',
      withdrawn: true,
      recent: samples({ every: 5, latencyMs: 2.1, bad: { seconds: 325, verdict: 'hung' } }),
    },
    {
      ...service,
      verdict: 'hung',
      since: before(322),
      latencyMs: 1_000,
      detail: 'connected, no complete answer within 1 s',
      withdrawn: true,
      recent: samples({ every: 5, latencyMs: 4.6, bad: { seconds: 325, verdict: 'hung' } }),
    },
    { ...control, recent: samples({ every: 60, latencyMs: 6, bad: { seconds: 480, until: 300, verdict: 'refused' } }) },
    harbor,
  ],
  journal: [
    ...well.journal,
    {
      at: before(312),
      event: 'write:withdrawn',
      path: '_default/hosts.toml',
      detail: 'http://10.0.0.5:30020 and http://10.0.0.5:30021 hang: taken out',
    },
    { at: before(312), event: 'phase', detail: 'spegel -> withdrawn: _default/hosts.toml: both mirrors are taken out' },
  ],
};

/** Another program writes one of our files again and again. */
export const conflict: Status = {
  ...well,
  phase: {
    phase: 'conflict',
    since: before(95),
    reason: 'registry.example.com/hosts.toml: somebody has changed it 6 times in 10 minutes',
  },
  files: [
    spegelsFile,
    file({
      path: 'registry.example.com/hosts.toml',
      action: 'conflict',
      reason: 'overwritten-again',
      writer: 'foreign',
      detail: 'somebody has changed it 6 times in 10 minutes; it is left alone for 10 minutes',
    }),
    ...well.files.slice(2),
  ],
  journal: [
    ...well.journal,
    { at: before(95), event: 'phase', detail: 'spegel -> conflict: registry.example.com/hosts.toml' },
  ],
};

/** Spegel went without its hook. */
export const orphaned: Status = {
  ...well,
  phase: {
    phase: 'orphaned',
    since: before(1_800),
    reason: "_default/hosts.toml: Spegel's ports have refused for 10 minutes",
  },
  files: [
    {
      ...spegelsFile,
      action: 'keep',
      reason: 'orphaned',
      writer: 'ours',
      standIn: 'orphaned',
      detail: "stands in for Spegel's file: its ports have refused for 10 minutes",
    },
    ...well.files.slice(1),
  ],
  mirrors: [local, service].map((one) => ({
    ...one,
    verdict: 'refused' as const,
    detail: 'connection refused',
    latencyMs: 0.3,
    since: before(2_400),
    recent: samples({ every: 5, latencyMs: 1, bad: { seconds: 900, verdict: 'refused' } }),
  })),
};

/** The Kubernetes API is away: the last good configuration holds. */
export const apiLost: Status = {
  ...well,
  configuration: { ...well.configuration, inForce: 'last good' },
  problems: [
    {
      code: 'api-unreachable',
      severity: 'warning',
      message: 'the Kubernetes API has not answered for 4 min',
      hint: 'Nothing changes on this node meanwhile: the last good configuration holds. Look at the control plane.',
    },
  ],
};

/** 500 registries, each with a file and a mirror of its own. */
export const large: Status = {
  ...well,
  files: [
    spegelsFile,
    ...Array.from({ length: 500 }, (_, i) => file({ path: `registry-${i}.example.com/hosts.toml` })),
  ],
  mirrors: [
    local,
    service,
    control,
    ...Array.from({ length: 500 }, (_, i) =>
      mirror({
        url: `https://mirror-${i}.example.com`,
        role: 'foreign',
        registries: [`registry-${i}.example.com`],
        recent: samples({ every: 60, latencyMs: 20 + (i % 30) }),
      }),
    ),
  ],
};

/** How a pull of one image goes on the node that is well. */
export const explanation: Explanation = {
  image: { namespace: 'quay.io', repository: 'org/app', tag: '1.2' },
  version: '2.2.9',
  candidates: [
    { directory: 'quay.io', says: 'absent' },
    { directory: '_default', says: 'wins' },
  ],
  outcome: 'pulls',
  hosts: [
    {
      url: local.url,
      role: 'this node',
      scheme: 'http',
      host: '10.0.0.5:30020',
      path: '/v2',
      httpsFirst: false,
      capabilities: ['pull', 'resolve'],
      asked: ['tag', 'digest'],
      ns: 'quay.io',
      delays: { refused: 0, dropped: 0.2, hung: 30 },
    },
    {
      url: service.url,
      role: "Spegel's Service",
      scheme: 'http',
      host: '10.0.0.5:30021',
      path: '/v2',
      httpsFirst: false,
      capabilities: ['pull', 'resolve'],
      asked: ['tag', 'digest'],
      ns: 'quay.io',
      delays: { refused: 0, dropped: 0.2, hung: 30 },
    },
    {
      url: 'https://quay.io',
      role: 'upstream',
      scheme: 'https',
      host: 'quay.io',
      path: '/v2',
      httpsFirst: false,
      capabilities: ['pull', 'resolve', 'push'],
      asked: ['tag', 'digest'],
      delays: { refused: 0, dropped: 30, hung: 'never' },
    },
  ],
  skipped: [{ what: 'registry-1.docker.io/', why: 'containerd does not look there for quay.io' }],
  rules: [],
  versions: [],
};

/** The same while Spegel's mirrors are taken out. */
export const explanationWithdrawn: Explanation = { ...explanation, hosts: explanation.hosts.slice(2) };
