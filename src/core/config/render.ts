import type { Desired, DesiredFile, DesiredUnit } from '../desired.ts';
import type { Facts } from '../facts.ts';
import type { Problem } from '../problem.ts';
import type { Tools } from '../tools.ts';
import { builtInTemplates, spegelRegistries } from './builtin.ts';
import type { Config } from './config.ts';
import type { Extension } from './config-extensions.ts';
import { contextOf } from './context.ts';
import { uniqueAddresses } from './context-address.ts';
import { controlPlaneOf } from './context-mirrors.ts';
import { judgeRendered } from './render-judge.ts';
import { mirrorProblems } from './render-mirrors.ts';
import { policyOf, type SpegelHere, spegelHere } from './render-policy.ts';
import { nodeProblems, type UnitInput } from './render-problems.ts';
import { builtInSource, type Clock, extensionSource, renderSource, type Source } from './render-template.ts';

/** What rendering needs from outside: containerd's rules, and perhaps a clock for the time limit of a template. */
export type RenderTools = Pick<Tools, 'judge'> & { readonly clock?: Clock };

type Prepared = {
  readonly config: Config;
  readonly tools: RenderTools;
  /** The last extension for each path; later keys replace earlier ones. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly builtIns: readonly Source[];
};

const pathOf = (file: { readonly registry: string; readonly name: string }): string => `${file.registry}/${file.name}`;

/** Which templates count today: the built-in ones, then what extensions put in their place or switch off. */
const effectiveSources = (prepared: Prepared, here: SpegelHere): readonly Source[] => {
  const sources = new Map<string, Source>();
  if (here.spegel !== 'disabled') for (const source of prepared.builtIns) sources.set(pathOf(source), source);
  for (const [path, extension] of prepared.extensions) {
    const source = prepared.sources.get(path);
    if (extension.content === '' || source === undefined) sources.delete(path);
    else sources.set(path, source);
  }
  return [...sources.values()];
};

const emptyDefault: DesiredFile = { name: 'hosts.toml', bytes: new Uint8Array(), mode: 0o644, source: 'built-in' };

/** Certificates before `hosts.toml`, each in the order of its name. */
const byName = (a: DesiredFile, b: DesiredFile): number =>
  Number(a.name === 'hosts.toml') - Number(b.name === 'hosts.toml') || (a.name < b.name ? -1 : 1);

/** With Spegel disabled the catch-all is an empty file, unless an extension gives it or switches it off. */
const isEmptied = (registry: string, sources: readonly Source[], input: UnitInput): boolean =>
  registry === '_default' &&
  input.here.spegel === 'disabled' &&
  !input.defaultOff &&
  !sources.some(({ name }) => name === 'hosts.toml');

const renderUnit = (registry: string, sources: readonly Source[], input: UnitInput): DesiredUnit => {
  const { config, data, here } = input;
  const problems: Problem[] = [];
  const beside: Problem[] = [];
  const files: DesiredFile[] = [];
  const empty = isEmptied(registry, sources, input);
  for (const source of sources) {
    const rendered = renderSource(source, data, config);
    if (rendered.file !== undefined) files.push(rendered.file);
    problems.push(...rendered.problems);
  }
  for (const source of sources) {
    const file = files.find(({ name }) => name === source.name);
    if (source.name !== 'hosts.toml' || file === undefined) continue;
    const others = files.filter((other) => other !== file);
    const judged = judgeRendered(source, file, others, input);
    problems.push(...judged.problems, ...mirrorProblems(source, file, input));
    beside.push(...judged.beside);
  }
  const hosts = sources.find(({ name }) => name === 'hosts.toml');
  const builtInHosts = hosts !== undefined && hosts.extension === undefined;
  const extensions = sources.flatMap(({ extension }) => (extension === undefined ? [] : [extension]));
  const spegelWrites = here.spegel === 'adds-mirrors' && input.spegelWrites.has(registry);
  return {
    registry,
    ...policyOf({ registry, extensions, builtInHosts: builtInHosts || empty, here, spegelWrites }),
    files: [...files, ...(empty ? [emptyDefault] : [])].toSorted(byName),
    prependExisting: builtInHosts && config.chart.prependExisting,
    problems,
    ...(beside.length > 0 ? { beside } : {}),
  };
};

const prepareAll = (config: Config, tools: RenderTools): Prepared => {
  const extensions = new Map<string, Extension>();
  for (const extension of config.extensions) extensions.set(pathOf(extension), extension);
  const sources = new Map<string, Source>();
  for (const [path, extension] of extensions) {
    if (extension.content !== '') sources.set(path, extensionSource(extension, config, tools.clock));
  }
  const builtIns = builtInTemplates(config.chart).map(({ registry, template }) =>
    builtInSource(registry, template, config, tools.clock),
  );
  return { config, tools, extensions, sources, builtIns };
};

const renderAll = (prepared: Prepared, facts: Facts): Desired => {
  const { config, tools } = prepared;
  const here = spegelHere(config, facts);
  const sources = effectiveSources(prepared, here);
  const input: UnitInput = {
    config,
    facts,
    tools,
    data: contextOf(config, facts),
    here,
    spegelWrites: spegelRegistries(config.chart),
    defaultOff: prepared.extensions.get('_default/hosts.toml')?.content === '',
    builtInHosts: sources.some(({ extension }) => extension === undefined),
  };
  const byRegistry = Map.groupBy(sources, ({ registry }) => registry);
  if (here.spegel === 'disabled' && !input.defaultOff && !byRegistry.has('_default')) byRegistry.set('_default', []);
  const units = new Map<string, DesiredUnit>();
  for (const [registry, its] of [...byRegistry].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    units.set(registry, renderUnit(registry, its, input));
  }
  const ports = { host: config.chart.ports.host, node: config.chart.ports.node };
  const ownHosts = new Set(uniqueAddresses([...facts.nodeAddresses, ...controlPlaneOf(config, facts)]));
  return { units, ...here, ports, ownHosts, problems: nodeProblems(units, input) };
};

/**
 * Parses the templates of a configuration once; the result renders them for given facts. Facts that say the same give
 * the same object as the time before.
 */
export const prepare = (config: Config, tools: RenderTools): ((facts: Facts) => Desired) => {
  const prepared = prepareAll(config, tools);
  let last: { readonly key: string; readonly desired: Desired } | undefined;
  return (facts) => {
    const key = JSON.stringify(facts);
    if (last?.key !== key) last = { key, desired: renderAll(prepared, facts) };
    return last.desired;
  };
};

/** What configuration and facts ask for, as one call. */
export const render = (config: Config, facts: Facts, tools: RenderTools): Desired => prepare(config, tools)(facts);
