import type { Config, PlacedValue } from '../config/config.ts';
import type { Extension } from '../config/config-extensions.ts';
import { isList, valueAt } from '../config/config-json.ts';
import { uniqueAddresses } from '../config/context-address.ts';
import { controlPlaneOf } from '../config/context-mirrors.ts';
import { placeOfOutput } from '../config/output-place.ts';
import { chooseCertsDir } from '../config/settings-certs-dir.ts';
import type { HostEntry } from '../containerd/hosts-file.ts';
import { parseLenient } from '../containerd/hosts-lenient.ts';
import type { Desired, DesiredUnit } from '../desired.ts';
import type { Facts } from '../facts.ts';
import type { Problem, RelatedPlace } from '../problem.ts';
import type { SpegelProblemCode } from './spegel-codes.ts';

type Input = { readonly config: Config; readonly desired: Desired; readonly facts: Facts };

/** The other side: where the chart's value is given, or that it is the default. */
const valuePlaces = ({ config }: Input, names: readonly PlacedValue[]): readonly RelatedPlace[] =>
  names.flatMap((name) => {
    const place = config.places[name];
    return place === undefined ? [] : [{ message: `the value ${name} of Spegel's chart`, file: config.file, ...place }];
  });

const finding = (
  code: SpegelProblemCode,
  file: string,
  place: { readonly line: number; readonly column?: number },
  told: Pick<Problem, 'message' | 'hint'> & { readonly related: readonly RelatedPlace[] },
): Problem => {
  const { related, ...text } = told;
  return { code, severity: 'warning', ...text, file, ...place, ...(related.length === 0 ? {} : { related }) };
};

type Named = { readonly url: string; readonly port: number; readonly entry: HostEntry };

/** The hosts of a file that are addresses of this node or of the control plane: where Spegel answers. */
const spegelHosts = ({ config, facts }: Input, hosts: readonly HostEntry[]): readonly Named[] => {
  const nodeIp = config.chart.nodeIp === undefined ? [] : [config.chart.nodeIp];
  const mine = new Set(uniqueAddresses([...facts.nodeAddresses, ...nodeIp, ...controlPlaneOf(config, facts)]));
  return hosts.flatMap((entry) => {
    const [, host = '', port = ''] = /^https?:\/\/(\[[^\]]*\]|[^:/?#@]+):(\d+)(?:\/|$)/.exec(entry.url) ?? [];
    const [address] = uniqueAddresses([host]);
    return address !== undefined && mine.has(address) ? [{ url: entry.url, port: Number(port), entry }] : [];
  });
};

const isNodePort = (port: number): boolean => port >= 30_000 && port <= 32_767;

const lineOf = (made: string, url: string): number | undefined => {
  const at = made.split('\n').findIndex((line) => line.includes(url));
  return at < 0 ? undefined : at + 1;
};

type Made = {
  readonly unit: DesiredUnit;
  readonly extension: Extension;
  readonly text: string;
  readonly hosts: readonly HostEntry[];
};

const madeBy = ({ config }: Input, unit: DesiredUnit): Made | undefined => {
  const file = unit.files.find(({ name, source }) => name === 'hosts.toml' && source !== 'built-in');
  const extension = config.extensions.findLast(
    ({ registry, name }) => registry === unit.registry && name === 'hosts.toml',
  );
  const parsed = file === undefined ? undefined : parseLenient(file.bytes);
  if (file === undefined || extension === undefined || parsed === undefined) return undefined;
  return { unit, extension, text: new TextDecoder().decode(file.bytes), hosts: parsed.hosts };
};

/** Another service of the node may well be a mirror too; a port among Spegel's kind, or no port of Spegel's at all, is a slip. */
const portProblems = (input: Input, { unit, extension, text, hosts }: Made): readonly Problem[] => {
  const { config } = input;
  const { host, node, layout } = config.chart.ports;
  const ports = layout === 'two-ports' ? [host, node] : [node];
  const named = spegelHosts(input, hosts);
  const meetsSpegel = named.some(({ port }) => ports.includes(port));
  const wrong = named.filter(({ port }) => !ports.includes(port) && (isNodePort(port) || !meetsSpegel));
  const related = valuePlaces(input, ['hostPort', 'nodePort']);
  const open = ports.join(' and ') + (related.length === 0 ? " (the chart's defaults)" : '');
  return wrong.map(({ url, port }) =>
    finding('spegel-ports-differ', config.file, placeOfOutput(extension, text, at(text, url)), {
      message: `${unit.registry}/hosts.toml asks port ${port} of ${url}, but with these chart values Spegel answers on ${open}`,
      hint: 'Use {{ .config.spegel.host_port }} and {{ .config.spegel.node_port }} in the template, or change the port in helm_values.',
      related,
    }),
  );
};

const at = (text: string, url: string): { readonly line?: number; readonly column?: number } => {
  const line = lineOf(text, url);
  return line === undefined ? {} : { line, column: 1 };
};

const hasAuthorization = ({ header = [] }: HostEntry): boolean =>
  header.some(({ name }) => name.toLowerCase() === 'authorization');

const authProblems = (input: Input, { unit, extension, text, hosts }: Made): readonly Problem[] => {
  const { config } = input;
  const { basicAuthSecretName: secret, ports } = config.chart;
  if (secret === '') return [];
  return spegelHosts(input, hosts)
    .filter(({ port, entry }) => [ports.host, ports.node].includes(port) && !hasAuthorization(entry))
    .map(({ url }) =>
      finding('spegel-auth-missing', config.file, placeOfOutput(extension, text, at(text, url)), {
        message: `${unit.registry}/hosts.toml asks ${url} without Authorization, and Spegel answers 401: its chart has basic auth`,
        hint: `Add [host."${url}".header] with Authorization from the Secret ${secret}, or leave basicAuthSecretName out.`,
        related: valuePlaces(input, ['basicAuthSecretName']),
      }),
    );
};

/** The document's advice is to switch Spegel's own files off; who switches them on beside registry files shall know it. */
const moveProblems = (input: Input, { unit, extension }: Made): readonly Problem[] => {
  const { config } = input;
  if (config.places.containerdMirrorAdd === undefined || !config.chart.containerdMirrorAdd) return [];
  if (unit.registry === '_default' || unit.policy !== 'hold') return [];
  return [
    finding(
      'spegel-moves-registries',
      config.file,
      { line: extension.line },
      {
        message: `the extension ${JSON.stringify(extension.key)} writes ${unit.registry}/, and containerdMirrorAdd: true lets Spegel move it away at each start; handspegel puts it back`,
        hint: 'Say containerdMirrorAdd: false, as for all registry-specific files, or leave it as it is: the gap is under a second.',
        related: valuePlaces(input, ['containerdMirrorAdd']),
      },
    ),
  ];
};

const pathProblems = (input: Input): readonly Problem[] => {
  const { config } = input;
  const { preset, containerdRegistryConfigPath: place } = config.places;
  if (preset === undefined || place === undefined) return [];
  const { preset: name } = config.settings.certsDir;
  const { problems } = chooseCertsDir({ preset: name, helmValues: config.chart.containerdRegistryConfigPath });
  return problems.map((problem) => ({
    ...problem,
    file: config.file,
    ...place,
    related: [{ message: 'handspegel.certsDir.preset', file: config.file, ...preset }],
  }));
};

/** Kublr's page has it there; every chart that knows it reads it below `spegel`. */
const movedProblems = ({ config }: Input): readonly Problem[] => {
  const place = config.places.registryFilters;
  if (place === undefined) return [];
  return [
    {
      code: 'spegel-value-moved',
      severity: 'info',
      message:
        'registryFilters stands beside spegel:, where no chart reads it; it is handed on as spegel.registryFilters',
      hint: 'Write it below spegel: in helm_values, then every way to install Spegel sees it.',
      file: config.file,
      ...place,
    },
  ];
};

/** An escaped backslash that must be there: with a choice, in a set, or perhaps not at all it would be another thing. */
const needsBackslash = (pattern: string): boolean =>
  !/[[|]/.test(pattern) && /^(?:[^\\]|\\[^\\])*\\\\(?![?*{])/.test(pattern);

const filterProblems = ({ config }: Input): readonly Problem[] =>
  (['registryFilters', 'spegel.registryFilters'] as const).flatMap((name) => {
    const filters = valueAt(config.helmValues, ...name.split('.'));
    const given = isList(filters) ? filters : [];
    const dead = given.flatMap((one) => (typeof one === 'string' && needsBackslash(one) ? [one] : []));
    return dead.map(
      (pattern): Problem => ({
        code: 'spegel-filter-matches-nothing',
        severity: 'warning',
        message: `the filter ${pattern} asks for a backslash, which no image name has: it filters nothing`,
        hint: "Within single quotes YAML keeps every backslash: write one, as in '^docker\\.io/'.",
        file: config.file,
        ...config.places[name],
      }),
    );
  });

/**
 * Where the configuration says one thing to Spegel's chart and another to the files that the agent writes; each with both
 * places. Nothing while Spegel is disabled.
 */
export const spegelContradictions = (config: Config, desired: Desired, facts: Facts): readonly Problem[] => {
  if (desired.spegel === 'disabled') return [];
  const input: Input = { config, desired, facts };
  const made = [...desired.units.values()].flatMap((unit) => madeBy(input, unit) ?? []);
  return [
    ...pathProblems(input),
    ...movedProblems(input),
    ...filterProblems(input),
    ...made.flatMap((one) => [...portProblems(input, one), ...authProblems(input, one), ...moveProblems(input, one)]),
  ];
};
