import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { phases } from '../core/ledger.ts';
import type { Status } from '../core/status.ts';
import type { Telemetry, Tell } from '../core/telemetry.ts';
import { type Family, printFamily } from './family.ts';
import { type LabelLimit, limitLabels } from './label-limit.ts';
import { fileSamples, mirrorSamples, problemSamples } from './metrics-of-status.ts';

export type Metrics = {
  /** The text of a scrape. */
  readonly scrape: () => Promise<string>;
  readonly contentType: string;
};

export type MetricsDeps = {
  readonly status: () => Status;
  readonly listen: (listener: Tell) => void;
  /** Steady milliseconds since the epoch. */
  readonly now: () => number;
  /** Left out where the text must be the same at every run. */
  readonly process?: boolean;
};

const prefix = 'handspegel_';

/** Gauges of prom-client that are named as counters, which `promtool check metrics` refuses; each is the sum of another one. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Buckets in seconds: a mirror on this node answers within milliseconds, one that hangs takes the whole limit. */
const probeBuckets = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const passBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** One observation in a process that has slept costs as much as many in a row: a tenth of all that an idle agent does. */
const countedTogether = 500;

const inOneNumber = (sha256: string): number => Number.parseInt(sha256.slice(0, 12), 16) || 0;

/**
 * prom-client's own, but for what its monitor of the event loop sees: that wakes an idle process in each of its periods,
 * and tells the period, not the lag.
 */
const addProcessMetrics = (registry: Registry): void => {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 2 ** 31 - 1 });
  for (const figure of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) {
    registry.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
  }
  for (const name of misnamed) registry.removeSingleMetric(name);
};

/** The counted ones: fed by telemetry. */
const countersOf = (registry: Registry) => {
  const registers = [registry];
  return {
    writes: new Counter({
      name: `${prefix}writes_total`,
      help: 'Changes of files of a registry directory, by reason and result.',
      labelNames: ['registry', 'reason', 'result'],
      registers,
    }),
    foreign: new Counter({
      name: `${prefix}foreign_writes_total`,
      help: 'Changes of a hosts.toml by somebody else, by what stood there afterwards.',
      labelNames: ['registry', 'writer'],
      registers,
    }),
    transitions: new Counter({
      name: `${prefix}phase_transitions_total`,
      help: 'Transitions of the phase of the node.',
      labelNames: ['from', 'to', 'reason'],
      registers,
    }),
    renderErrors: new Counter({
      name: `${prefix}render_errors_total`,
      help: 'Templates that could not be rendered or whose outcome was refused, once for each error.',
      labelNames: ['template'],
      registers,
    }),
    probes: new Histogram({
      name: `${prefix}mirror_probe_duration_seconds`,
      help: 'How long probes took, by role and depth.',
      labelNames: ['role', 'depth'],
      buckets: probeBuckets,
      registers,
    }),
    passes: new Histogram({
      name: `${prefix}reconcile_duration_seconds`,
      help: 'How long one pass of the loop took.',
      buckets: passBuckets,
      registers,
    }),
  };
};

const family = (name: string, help: string, samples: Family['samples']): Family => ({
  name: `${prefix}${name}`,
  help,
  samples,
});

const single = (value: number): Family['samples'] => [{ labels: {}, value }];

const fileFamilies = (status: Status): readonly Family[] => {
  const files = fileSamples(status);
  return [
    family('file_writer', 'Whose hosts.toml stands: 1 for the writer.', files.writer),
    family('file_effective', 'Why it stands: 1 for the reason.', files.effective),
    family('file_deadly', "Somebody's hosts.toml that kills this node's containerd.", files.deadly),
  ];
};

/** What a status says, as it is now, but for its files. */
const familiesOf = (status: Status, lastPass: number): readonly Family[] => {
  const mirrors = mirrorSamples(status);
  const withdrawn = status.gate === 'enforce' ? status.mirrors.filter((mirror) => mirror.withdrawn).length : 0;
  const phase = phases.map((one) => ({ labels: { phase: one }, value: Number(status.phase.phase === one) }));
  const build = { version: status.agentVersion, node_version: process.version };
  return [
    family('mirror_up', 'Whether a mirror answers as it should.', mirrors.up),
    family('mirror_verdict', 'What the probes see of a mirror: 1 for the verdict that holds.', mirrors.verdict),
    family('withdrawn_mirrors', 'Mirrors that the gate has taken out of the files.', single(withdrawn)),
    family('problems', 'What is wrong, as the status tells it, by code.', problemSamples(status)),
    family('phase', 'Phase of the node: 1 for the one that holds.', phase),
    family('last_reconcile_timestamp_seconds', 'When the last pass ended.', single(lastPass / 1_000)),
    family(
      'config_hash',
      'First 48 bits of the SHA-256 of the configuration in force.',
      single(inOneNumber(status.configuration.sha256)),
    ),
    family('build_info', 'Version of the agent.', [{ labels: build, value: 1 }]),
  ];
};

/** All metrics of an agent; what a status says is read off it at each scrape. */
export const createMetrics = (deps: MetricsDeps): Metrics => {
  const registry = new Registry();
  const counters = countersOf(registry);
  if (deps.process !== false) addProcessMetrics(registry);

  const limits = {
    writes: limitLabels(300, [0]),
    foreign: limitLabels(150, [0]),
    transitions: limitLabels(100, [2]),
    templates: limitLabels(100, [0]),
  } satisfies Record<string, LabelLimit>;
  let lastPass = 0;
  let probes: Extract<Telemetry, { kind: 'probe' }>[] = [];

  const countProbes = (): void => {
    for (const { role, depth, durationMs } of probes) counters.probes.observe({ role, depth }, durationMs / 1_000);
    probes = [];
  };

  const count = (happened: Telemetry): void => {
    switch (happened.kind) {
      case 'pass':
        lastPass = deps.now();
        counters.passes.observe(happened.durationMs / 1_000);
        return;
      case 'write': {
        const [name = '', reason = '', result = ''] = limits.writes(
          happened.registry,
          happened.reason,
          happened.result,
        );
        counters.writes.inc({ registry: name, reason, result });
        return;
      }
      case 'foreign-write': {
        const [name = '', writer = ''] = limits.foreign(happened.registry, happened.writer);
        counters.foreign.inc({ registry: name, writer });
        return;
      }
      case 'phase': {
        const [from = '', to = '', reason = ''] = limits.transitions(happened.from, happened.to, happened.reason);
        counters.transitions.inc({ from, to, reason });
        return;
      }
      case 'probe':
        probes.push(happened);
        if (probes.length === countedTogether) countProbes();
        return;
      case 'render-error': {
        const [template = ''] = limits.templates(happened.template);
        counters.renderErrors.inc({ template });
      }
    }
  };
  deps.listen(count);

  let printed: { readonly files: Status['files']; readonly text: readonly string[] } | undefined;
  const printFiles = (status: Status): readonly string[] => {
    if (printed?.files !== status.files) printed = { files: status.files, text: fileFamilies(status).map(printFamily) };
    return printed.text;
  };

  return {
    contentType: registry.contentType,
    scrape: async () => {
      countProbes();
      const status = deps.status();
      const told = [...familiesOf(status, lastPass).map(printFamily), ...printFiles(status)];
      return `${await registry.metrics()}\n${told.join('\n')}`;
    },
  };
};
