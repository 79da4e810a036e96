import type { Config } from '../config/config.ts';
import { isIPv6 } from '../config/context-address.ts';
import { controlPlaneOf } from '../config/context-mirrors.ts';
import { openPolicy } from '../config/mirror-policy.ts';
import { prepare, type RenderTools } from '../config/render.ts';
import type { Desired, DesiredUnit } from '../desired.ts';
import { type Facts, noFacts } from '../facts.ts';
import type { Problem } from '../problem.ts';
import type { Tools } from '../tools.ts';
import { bootMirrors } from './boot-mirrors.ts';
import { type AddressCase, type BootOutcome, type BootPlan, type BootUnit, marks } from './boot-plan.ts';
import { type StandIns, standInsOf } from './stand-ins.ts';

/** What is known when user-data is made: everything else is found on the node, or only the agent knows it. */
export type BootFacts = {
  readonly controlPlane: readonly string[];
  readonly runtime?: string | undefined;
  readonly containerdVersion?: string | undefined;
};

export type BootOptions = {
  readonly config: Config;
  readonly facts: BootFacts;
  readonly tools: RenderTools & Pick<Tools, 'parse' | 'sha256'>;
  readonly version: string;
  readonly certsDir: string;
  readonly stateDir: string;
  readonly probe: boolean;
};

type Addresses = { readonly v4: string | undefined; readonly v6: string | undefined };

const shapes: readonly { readonly v4: boolean; readonly v6: boolean; readonly said: string }[] = [
  { v4: true, v6: false, said: 'IPv4 alone' },
  { v4: true, v6: true, said: 'both families' },
  { v4: false, v6: true, said: 'IPv6 alone' },
  { v4: false, v6: false, said: 'no address' },
];

const factsFor = (facts: BootFacts, { v4, v6 }: Addresses): Facts => ({
  ...noFacts,
  nodeAddresses: [v4, v6].filter((address) => address !== undefined),
  controlPlane: facts.controlPlane,
  ...(facts.runtime === undefined ? {} : { runtime: facts.runtime }),
  ...(facts.containerdVersion === undefined ? {} : { containerdVersion: facts.containerdVersion }),
});

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text that a shell and YAML carry unchanged; `undefined` for anything else. */
const plainText = (bytes: Uint8Array): string | undefined => {
  try {
    const text = decoder.decode(bytes);
    return /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\uE000-\uF8FF\uFEFF]/.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
};

const whyLeft = (unit: DesiredUnit): string | undefined => {
  const error = unit.problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) return error.message;
  if (unit.files.some(({ mode }) => mode !== 0o644)) return 'it holds a credential, and user-data is no place for one';
  if (!unit.files.some(({ name }) => name === 'hosts.toml')) return 'it has no hosts.toml, which would mark it as ours';
  if ((unit.beside ?? []).length > 0) return 'it names certificates that no extension makes';
  if (unit.files.some(({ bytes }) => plainText(bytes) === undefined)) return 'it is not plain text';
  return undefined;
};

const withMarks =
  ({ v4, v6 }: Addresses) =>
  (text: string): string => {
    let marked = text;
    if (v4 !== undefined) marked = marked.replaceAll(v4, marks.v4);
    if (v6 !== undefined) marked = marked.replaceAll(v6, marks.v6).replaceAll(encodeURIComponent(v6), marks.v6Word);
    return marked;
  };

/** A unit as text with marks in place of these addresses. */
const outcomeOf = (
  unit: DesiredUnit | undefined,
  {
    options,
    desired,
    facts,
    mark,
  }: { options: BootOptions; desired: Desired; facts: Facts; mark: (text: string) => string },
): BootOutcome => {
  if (unit === undefined) return { kind: 'nothing' };
  const why = whyLeft(unit);
  if (why !== undefined) return { kind: 'left', why };
  const files = unit.files.map(({ name, bytes }) => ({ name, text: mark(plainText(bytes) ?? '') }));
  const hosts = unit.files.find(({ name }) => name === 'hosts.toml');
  const gated = bootMirrors(unit.registry, hosts?.bytes ?? new Uint8Array(), { facts, desired, tools: options.tools });
  return {
    kind: 'files',
    beside: files.filter(({ name }) => name !== 'hosts.toml'),
    hosts: files.find(({ name }) => name === 'hosts.toml')?.text ?? '',
    mirrors: gated.mirrors.map(({ url, probe, word, block }) => ({
      url: mark(url),
      probe: mark(probe),
      word: mark(word),
      block: mark(block),
    })),
    top: gated.top,
    alone: gated.alone,
  };
};

const same = (a: BootOutcome, b: BootOutcome): boolean => JSON.stringify(a) === JSON.stringify(b);

type Looks = {
  /** As the agent would render it for these addresses. */
  readonly exactly: (addresses: Addresses) => (registry: string) => BootOutcome;
  /** The same with the policy left aside: it may know some of these networks and not others. */
  readonly openly: (addresses: Addresses) => (registry: string) => BootOutcome;
  readonly problems: (addresses: Addresses) => readonly Problem[];
  readonly registries: (addresses: Addresses) => readonly string[];
};

const createLooks = (options: BootOptions): Looks => {
  const { config, facts, tools } = options;
  const { settings } = config;
  const open: Config = { ...config, settings: { ...settings, policy: { mirrors: openPolicy } } };
  const strict = prepare(config, tools);
  const loose = prepare(open, tools);
  const look = (render: (facts: Facts) => Desired): Looks['exactly'] => {
    const rendered = new Map<string, Desired>();
    return (addresses) => {
      const known = factsFor(facts, addresses);
      const key = known.nodeAddresses.join(' ');
      const desired = rendered.get(key) ?? render(known);
      rendered.set(key, desired);
      const mark = withMarks(addresses);
      return (registry) => outcomeOf(desired.units.get(registry), { options, desired, facts: known, mark });
    };
  };
  return {
    exactly: look(strict),
    openly: look(loose),
    problems: (addresses) => strict(factsFor(facts, addresses)).problems,
    registries: (addresses) => [...strict(factsFor(facts, addresses)).units.keys()],
  };
};

type Shape = (typeof shapes)[number];

const addressesFor = (shape: Shape, { v4, v6 }: { v4: string; v6: string }): Addresses => ({
  v4: shape.v4 ? v4 : undefined,
  v6: shape.v6 ? v6 : undefined,
});

const notTextual = 'its template does more with the address of the node than to write it down';

/** What a node of this shape gets, whatever its addresses are, and where nothing but these two depends on them. */
const generalCase = (looks: Looks, shape: Shape, standIns: StandIns, registry: string): BootOutcome => {
  const own = addressesFor(shape, standIns);
  const outcome = looks.exactly(own)(registry);
  if (outcome.kind !== 'files') return outcome;
  const usual = looks.openly(own)(registry);
  const isNamed = (address: string | undefined): boolean => address !== undefined && standIns.named.includes(address);
  const differs = standIns.others.some((other) => {
    const addresses = addressesFor(shape, other);
    return !isNamed(addresses.v4) && !isNamed(addresses.v6) && !same(looks.openly(addresses)(registry), usual);
  });
  return differs ? { kind: 'left', why: notTextual } : outcome;
};

const fits = (one: string, wanted: string): boolean => (one === 'any' ? wanted !== 'none' : one === wanted);

/** Nodes whose address the configuration names, those of the control plane above all; the most general first. */
const namedCases = (standIns: StandIns, controlPlane: readonly string[]): readonly AddressCase[] => {
  const four = standIns.named.filter((address) => !isIPv6(address));
  const six = standIns.named.filter(isIPv6);
  const ours = (address: string): boolean => controlPlane.includes(address);
  return [
    ...six.flatMap((v6) => [
      { v4: 'any', v6 },
      { v4: 'none', v6 },
    ]),
    ...four.flatMap((v4) => [
      { v4, v6: 'any' },
      { v4, v6: 'none' },
    ]),
    ...four.filter(ours).flatMap((v4) => six.filter(ours).map((v6) => ({ v4, v6 }))),
  ];
};

/** From the most special case to the most general; one that makes no difference is left out. */
const planUnit = (looks: Looks, standIns: StandIns, controlPlane: readonly string[], registry: string): BootUnit => {
  let cases: BootUnit['cases'] = shapes.map((shape) => ({
    v4: shape.v4 ? 'any' : 'none',
    v6: shape.v6 ? 'any' : 'none',
    outcome: generalCase(looks, shape, standIns, registry),
  }));
  const real = (text: string, standIn: string): string | undefined =>
    text === 'none' ? undefined : text === 'any' ? standIn : text;
  for (const { v4, v6 } of namedCases(standIns, controlPlane)) {
    const usual = cases.find((one) => fits(one.v4, v4) && fits(one.v6, v6));
    const isOpen = v4 === 'any' || v6 === 'any';
    if (isOpen && usual?.outcome.kind === 'left' && usual.outcome.why === notTextual) continue;
    const outcome = looks.exactly({ v4: real(v4, standIns.v4), v6: real(v6, standIns.v6) })(registry);
    if (usual === undefined || !same(outcome, usual.outcome)) cases = [{ v4, v6, outcome }, ...cases];
  }
  return { registry, cases };
};

const leftProblems = ({ registry, cases }: BootUnit): readonly Problem[] => {
  const reasons = new Map<string, string[]>();
  const general = cases.slice(-shapes.length);
  for (const [at, { outcome }] of general.entries()) {
    if (outcome.kind !== 'left') continue;
    reasons.set(outcome.why, [...(reasons.get(outcome.why) ?? []), shapes[at]?.said ?? '']);
  }
  return [...reasons].map(([why, on]) => ({
    code: 'user-data-left-out',
    severity: 'warning',
    message: `${registry}/ is left to the agent${on.length === shapes.length ? '' : ` on nodes with ${on.join(', ')}`}: ${why}`,
    hint: 'Nothing needs to be done: the agent writes it as soon as it runs.',
  }));
};

const controlPlaneProblem: Problem = {
  code: 'user-data-no-control-plane',
  severity: 'warning',
  message: 'no address of the control plane is known: the files name the node itself, where Spegel does not run yet',
  hint: 'Give --control-plane, or handspegel.controlPlane.addresses in the configuration.',
};

/**
 * What a node has to write before kubelet and agent run, for every address that it may have. The files are those that
 * the agent renders for the same facts; what depends on facts that only the agent knows is left to it and named.
 */
export const planBoot = (options: BootOptions): BootPlan => {
  const { config, facts, version, certsDir, stateDir, probe } = options;
  const controlPlane = controlPlaneOf(config, factsFor(facts, { v4: undefined, v6: undefined }));
  const standIns = standInsOf(config, controlPlane);
  const looks = createLooks(options);
  const usual = { v4: standIns.v4, v6: undefined };
  const registries = [
    ...new Set(shapes.flatMap((shape) => looks.registries(addressesFor(shape, standIns)))),
  ].toSorted();
  const units = registries.map((registry) => planUnit(looks, standIns, controlPlane, registry));
  return {
    version,
    certsDir,
    stateDir,
    controlPlane: controlPlane.filter((address) => /^[\d.]+$|:/.test(address)),
    units,
    probe,
    problems: [
      ...looks.problems(usual),
      ...(controlPlane.length === 0 ? [controlPlaneProblem] : []),
      ...units.flatMap(leftProblems),
    ],
  };
};
