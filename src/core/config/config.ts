import type { Problem } from '../problem.ts';
import { locateDocument, locateSpegel } from './config-document.ts';
import { type Extension, readExtensions } from './config-extensions.ts';
import { deepFreeze, isMap, type JsonMap, mapOf, replaceAt } from './config-json.ts';
import {
  type ConfigProblemCode,
  createReport,
  documentStart,
  joinPath,
  type Report,
  sortProblems,
} from './config-problems.ts';
import { type At, childAt, configReader, readBoolean } from './config-reader.ts';
import { chartValueAt, type HelmValues, type HelmValuesForm, readHelmValues } from './helm-values.ts';
import { type ChartValues, readChartValues } from './helm-values-chart.ts';
import { readSettings, type Settings } from './settings.ts';
import { readYaml, type YamlProblem } from './yaml-positions.ts';

type Place = { readonly line: number; readonly column?: number };

/** One configuration, checked, with every default, frozen. */
export type Config = {
  /** The document below `kublrAgentConfig`: what templates see as `.config`. */
  readonly document: JsonMap;
  /** `cluster.addon.spegel.enabled`; `undefined` leaves it to the runtime. */
  readonly spegelEnabled: boolean | undefined;
  /** The values that the Spegel chart gets, nulls as Helm would see them. */
  readonly helmValues: JsonMap;
  readonly helmValuesForm: HelmValuesForm;
  /** What those values say about Spegel's files. */
  readonly chart: ChartValues;
  /** In the order in which they are applied. */
  readonly extensions: readonly Extension[];
  readonly settings: Settings;
  /** Where those stand that a contradiction can be about, as far as they are given; by their path. */
  readonly places: Readonly<Partial<Record<PlacedValue, Place>>>;
  /** The name under which problems speak of this configuration. */
  readonly file: string;
};

const placedValues = {
  hostPort: ['service', 'registry', 'hostPort'],
  nodePort: ['service', 'registry', 'nodePort'],
  containerdMirrorAdd: ['spegel', 'containerdMirrorAdd'],
  containerdRegistryConfigPath: ['spegel', 'containerdRegistryConfigPath'],
  basicAuthSecretName: ['basicAuthSecretName'],
  registryFilters: ['registryFilters'],
  'spegel.registryFilters': ['spegel', 'registryFilters'],
} as const;
export type PlacedValue = keyof typeof placedValues | 'preset';

const placesOf = (values: HelmValues, document: At | undefined): Config['places'] => {
  const preset = childAt(childAt(childAt(document, 'handspegel'), 'certsDir'), 'preset');
  const given = Object.entries(placedValues).map(([name, keys]) => [name, chartValueAt(values, ...keys)] as const);
  return Object.fromEntries(
    [...given, ['preset', preset] as const].flatMap(([name, at]) => {
      const { line, column } = at?.keySpot.place ?? {};
      return line === undefined ? [] : [[name, column === undefined ? { line } : { line, column }]];
    }),
  );
};

/** `config` is there if and only if no problem is an error. */
export type ParsedConfig = { readonly config: Config | undefined; readonly problems: readonly Problem[] };

const yamlCodes: Readonly<Record<YamlProblem['kind'], readonly [ConfigProblemCode, string]>> = {
  syntax: ['config-syntax', 'Correct the YAML at this place.'],
  'duplicate-key': ['config-duplicate-key', 'Keep one of them: which one would count is not defined.'],
  alias: ['config-syntax', 'Give the anchor (`&name`) before its alias (`*name`), and outside of what it names.'],
  limit: ['config-limit', 'Split the file: what is not about Spegel or certs.d need not be in it.'],
  warning: ['config-yaml-warning', 'Check that the value is what you mean.'],
};

const sayForeign = (report: Report, keys: readonly string[], extensions: readonly string[]): void => {
  const names = [...keys, ...extensions.map((key) => joinPath('extensions', key))];
  if (names.length === 0) return;
  report.info(
    'config-not-ours',
    { place: documentStart, path: '' },
    `not ours, neither read nor written: ${names.join(', ')}`,
    'Nothing to do: other parts of a cluster specification are for other programs.',
  );
};

const cleanDocument = (document: At | undefined, values: JsonMap, form: HelmValuesForm): JsonMap => {
  const value = document?.node.value;
  if (!isMap(value)) return mapOf([]);
  return form === 'map' ? replaceAt(value, ['cluster', 'addon', 'spegel', 'helm_values'], values) : value;
};

/**
 * Reads a configuration: one YAML document, bare, under `kublrAgentConfig` or under `spec.kublrAgentConfig`. Never
 * throws; all problems are reported together, errors first. An empty document means all defaults.
 */
export const parseConfig = (text: string, file: string): ParsedConfig => {
  const report = createReport(file);
  const yaml = readYaml(text);
  for (const { kind, message, place } of yaml.problems) {
    const [code, hint] = yamlCodes[kind];
    if (kind === 'warning') report.warning(code, { place, path: '' }, message, hint);
    else report.error(code, { place, path: '' }, message, hint);
  }
  const broken = yaml.problems.some(({ kind }) => kind === 'syntax' || kind === 'limit');
  if (broken) return { config: undefined, problems: sortProblems(report.problems) };
  const { document, foreign } = locateDocument(report, yaml.root);
  const spegel = locateSpegel(report, document);
  const settings = readSettings(report, document);
  const values = readHelmValues(report, spegel.document);
  const { extensions, elsewhere } = readExtensions(report, document);
  const config: Config = {
    document: cleanDocument(document, values.values, values.form),
    spegelEnabled: readBoolean(configReader(report), childAt(spegel.document, 'enabled')),
    helmValues: values.values,
    helmValuesForm: values.form,
    chart: readChartValues(report, values, settings),
    extensions,
    settings,
    places: placesOf(values, document),
    file,
  };
  sayForeign(report, [...foreign, ...spegel.foreign], elsewhere);
  const problems = sortProblems(report.problems);
  const failed = problems.some(({ severity }) => severity === 'error');
  return { config: failed ? undefined : deepFreeze(config), problems };
};
