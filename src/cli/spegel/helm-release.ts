import { parse } from 'yaml';
import { isMap, type Json, type JsonMap, valueAt } from '../../core/config/config-json.ts';
import { type ChartReference, chartName } from '../../core/spegel/chart.ts';
import { printYaml } from '../../core/spegel/print-yaml.ts';
import { descriptionOf, type Release, readDescription, readRelease, readValues } from '../../core/spegel/release.ts';
import type { Helm, HelmEnd } from '../../io/helm.ts';
import { agentVersion } from '../../version.ts';

/** Helm's own refusal, in its words. */
export class HelmFailure extends Error {
  override readonly name = 'HelmFailure';
}

/** What one installation or removal needs. */
export type HelmChange = {
  readonly chart: ChartReference;
  readonly version: string;
  readonly values: JsonMap;
  readonly createNamespace: boolean;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
};

/** Spegel's release, through the user's own Helm 3 or 4. */
export type HelmRelease = {
  readonly find: () => Promise<Release | undefined>;
  /** Version of a chart on this machine, and whether it has a host port. Throws for a chart of another name. */
  readonly lookAtChart: (path: string) => Promise<{ readonly version: string; readonly hasHostPort: boolean }>;
  readonly install: (change: HelmChange) => Promise<void>;
  readonly uninstall: (change: Pick<HelmChange, 'timeoutMs' | 'dryRun' | 'wait'>) => Promise<void>;
};

const lastWords = 2_000;

const failed = (what: string, { code, error, out }: HelmEnd): HelmFailure => {
  const said = (error.trim() || out.trim()).slice(-lastWords);
  return new HelmFailure(`helm ${what} failed (exit code ${code}): ${said}`);
};

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)}s`;

/** Flags of 3 and 4 differ in one word: what to do when waiting fails. */
const patience = (major: number, { wait, dryRun, timeoutMs }: Pick<HelmChange, 'wait' | 'dryRun' | 'timeoutMs'>) => [
  '--timeout',
  seconds(timeoutMs),
  ...(wait && !dryRun ? ['--wait', major === 3 ? '--atomic' : '--rollback-on-failure'] : []),
];

const chartWords = (chart: ChartReference, version: string): readonly string[] => {
  switch (chart.kind) {
    case 'oci':
      return [chart.reference, '--version', version];
    case 'repository':
      return [chart.name, '--repo', chart.url, '--version', version];
    case 'path':
      return [chart.path];
    default:
      return chart satisfies never;
  }
};

/** Which Helm is it? Throws for one that lacks what we need: trying against the cluster is known since 3.13. */
const majorOf = async (helm: Helm): Promise<3 | 4> => {
  const ran = await helm(['version', '--template', '{{.Version}}']);
  const [, major = 0, minor = 0] = (/v(\d+)\.(\d+)/.exec(ran.out) ?? []).map(Number);
  if (major === 4 || (major === 3 && minor >= 13)) return major;
  throw new HelmFailure(
    ran.code === 0 && major > 0
      ? `this is Helm ${major}.${minor}: 3.13 or later, or 4 is needed (--helm)`
      : `what --helm names, or PATH, is no Helm: ${(ran.error || ran.out).trim().slice(0, 200) || `it ended with ${ran.code} and told no version`}`,
  );
};

const answerOf = async (helm: Helm, words: readonly string[]): Promise<unknown> => {
  const ran = await helm([...words, '--output', 'json']);
  if (ran.code !== 0) throw failed(words.slice(0, 2).join(' '), ran);
  try {
    return ran.out.trim() === '' ? undefined : JSON.parse(ran.out);
  } catch (error) {
    throw new HelmFailure(`helm ${words[0]} printed no JSON`, { cause: error });
  }
};

/** Opens the release; asks Helm for its version first. `kubeWords` say which cluster. */
export const openRelease = async (
  helm: Helm,
  { release, namespace }: { readonly release: string; readonly namespace: string },
  kubeWords: readonly string[],
): Promise<HelmRelease> => {
  const major = await majorOf(helm);
  const here = ['--namespace', namespace, ...kubeWords];
  const run = async (what: string, words: readonly string[], input?: string): Promise<void> => {
    const ran = await helm(words, input);
    if (ran.code !== 0) throw failed(what, ran);
  };
  return {
    find: async () => {
      // Without --all Helm 3 does not show what is pending.
      const all = major === 3 ? ['--all'] : [];
      const listed = await answerOf(helm, ['list', ...all, '--filter', `^${release}$`, ...here]);
      const found = readRelease(listed, release);
      if (found === undefined) return undefined;
      const history = await answerOf(helm, ['history', release, '--max', '1', ...here]);
      const values = await answerOf(helm, ['get', 'values', release, ...here]);
      return { ...found, description: readDescription(history), values: readValues(values) };
    },
    lookAtChart: async (path) => {
      const [chart, values] = [await helm(['show', 'chart', path]), await helm(['show', 'values', path])];
      if (chart.code !== 0) throw failed('show chart', chart);
      if (values.code !== 0) throw failed('show values', values);
      const about = parse(chart.out) as Json;
      const [name, version] = isMap(about) ? [about['name'], about['version']] : [];
      if (name !== chartName || typeof version !== 'string') {
        throw new HelmFailure(`${path} is no chart of Spegel: its name is ${JSON.stringify(name ?? null)}`);
      }
      const hostPort = valueAt(parse(values.out) as Json, 'service', 'registry', 'hostPort');
      return { version, hasHostPort: hostPort !== undefined };
    },
    install: (change) =>
      run(
        'upgrade',
        [
          'upgrade',
          '--install',
          release,
          ...chartWords(change.chart, change.version),
          ...here,
          ...(change.createNamespace ? ['--create-namespace'] : []),
          '--values',
          '-',
          '--reset-values',
          '--description',
          descriptionOf(agentVersion),
          ...patience(major, change),
          ...(change.dryRun ? ['--dry-run=server'] : []),
        ],
        printYaml(change.values),
      ),
    uninstall: ({ timeoutMs, dryRun, wait }) =>
      run('uninstall', [
        'uninstall',
        release,
        ...here,
        '--timeout',
        seconds(timeoutMs),
        ...(dryRun ? ['--dry-run'] : wait ? ['--wait'] : []),
      ]),
  };
};
