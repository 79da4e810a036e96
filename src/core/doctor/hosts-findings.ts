import { namespaceOf } from '../config/extension-path.ts';
import { modelledVersions } from '../containerd/containerd-version.ts';
import { type HostsProblemCode, hostsProblems } from '../containerd/hosts-problems.ts';
import { judgeHostsFile, type ParsedHost } from '../containerd/judge.ts';
import { lintHostsFile } from '../containerd/lint-hosts.ts';
import { lookup } from '../containerd/lookup.ts';
import { type LookupFiles, openTree } from '../containerd/lookup-tree.ts';
import { forPeople } from '../judged.ts';
import type { Problem } from '../problem.ts';
import type { Tree } from '../tree.ts';
import { filesBeside, lookupTreeOf, type RegistryEntry, registriesOf } from './certs-tree.ts';
import type { CertsFacts } from './doctor-facts.ts';
import { type Finding, finding } from './finding.ts';

export type View = { readonly facts: CertsFacts; readonly tree: Tree; readonly files: LookupFiles };

/** A host that some hosts.toml names, with what a request to it needs. */
export type NamedHost = {
  readonly host: ParsedHost;
  /** Relative to certs.d. */
  readonly file: string;
  readonly ca: readonly string[];
  readonly client: { readonly cert: string; readonly key: string } | undefined;
};

export const isHere = (name: string): boolean => name !== '_backup' && name !== '.handspegel';

export const text = new TextDecoder();

export const at = ({ root }: CertsFacts, path: string): { readonly file: string } => ({ file: `${root}/${path}` });

const version = (facts: CertsFacts) =>
  facts.version ?? modelledVersions.at(-1) ?? { major: 2, minor: 4, patch: 2, text: '2.4.2' };

/** Advice about files that do their work: Spegel's own on containerd 1.x would otherwise be a finding for ever. */
const advice: ReadonlySet<string> = new Set([
  'hosts-dial-timeout-unknown',
  'hosts-no-dial-timeout',
  'hosts-https-first',
] satisfies readonly HostsProblemCode[]);

const asFinding = (problem: Problem, path: string, facts: CertsFacts): Finding => {
  const known = Object.hasOwn(hostsProblems, problem.code)
    ? hostsProblems[problem.code as HostsProblemCode]
    : undefined;
  const why = known === undefined ? 'It may change where pulls go.' : `${known.meaning}.`;
  const severity = facts.rights && advice.has(problem.code) ? 'info' : problem.severity;
  return { ...problem, severity, ...at(facts, path), why };
};

const beside = (view: View, registry: RegistryEntry): ReadonlyMap<string, Uint8Array> =>
  filesBeside(registry, (file) => {
    const read = view.files.read(`${view.facts.root}/${registry.name}/${file}`);
    return read.ok ? read.value : undefined;
  });

const judgeOptions = (view: View, registry: RegistryEntry) => {
  const { facts } = view;
  const readOutside = (path: string): Uint8Array | undefined => {
    const entry = facts.outside(path);
    return entry?.kind === 'file' ? entry.bytes : undefined;
  };
  const filesThere = beside(view, registry);
  const directory = `${facts.root}/${registry.name}`;
  return {
    version: facts.version,
    filesBeside: filesThere,
    certificates: facts.certificates,
    directory,
    ...(facts.rights ? { readOutside } : {}),
  };
};

export const hostsFindings = (view: View, registry: RegistryEntry): readonly Finding[] => {
  const { facts } = view;
  const path = `${registry.name}/hosts.toml`;
  const read = view.files.read(`${facts.root}/${path}`);
  if (!read.ok) return [];
  const judged = lintHostsFile(read.value, judgeOptions(view, registry));
  return forPeople(judged, facts.version).map((problem) => asFinding(problem, path, facts));
};

/** What containerd itself says when it looks for this registry, if it fails. */
export const pullFindings = (view: View, { name }: RegistryEntry, known: readonly Finding[]): readonly Finding[] => {
  const { facts, tree } = view;
  if (known.some(({ severity }) => severity === 'error')) return [];
  const namespace = name === '_default' ? 'registry.invalid' : namespaceOf(name);
  const { error, directory } = lookup(lookupTreeOf(facts, tree), namespace, version(facts), facts.certificates);
  if (error === undefined || (directory !== undefined && directory !== name)) return [];
  return [
    finding('certs-pull-fails', error, 'Put right what it names; the pull is tried again by kubelet.', at(facts, name)),
  ];
};

export const viewOf = (facts: CertsFacts, tree: Tree): View => ({
  facts,
  tree,
  files: openTree(lookupTreeOf(facts, tree)),
});

/** Text of the files that a host names; what is missing is a finding of its own. */
const readNamed = (view: View, registry: string, path: string): string | undefined => {
  const bytes = view.files.read(path.startsWith('/') ? path : `${view.facts.root}/${registry}/${path}`);
  return bytes.ok ? text.decode(bytes.value) : undefined;
};

const clientOf = (view: View, registry: string, host: ParsedHost): NamedHost['client'] => {
  const [first] = [host.client ?? []].flat();
  if (first === undefined) return undefined;
  const [certificate, key] = typeof first === 'string' ? [first, first] : first;
  const [cert, secret] = [readNamed(view, registry, certificate), readNamed(view, registry, key || certificate)];
  return cert === undefined || secret === undefined ? undefined : { cert, key: secret };
};

/** The hosts that the files of certs.d name, in order. */
export const namedHosts = (facts: CertsFacts): readonly NamedHost[] => {
  if (!('tree' in facts.look)) return [];
  const view = viewOf(facts, facts.look.tree);
  return registriesOf(facts.look.tree)
    .filter(({ name }) => isHere(name))
    .flatMap((registry) => {
      const { name } = registry;
      const read = view.files.read(`${facts.root}/${name}/hosts.toml`);
      if (!read.ok) return [];
      return judgeHostsFile(read.value, judgeOptions(view, registry)).hosts.map((host) => ({
        host,
        file: `${name}/hosts.toml`,
        ca: [host.ca ?? []].flat().flatMap((path) => readNamed(view, name, path) ?? []),
        client: clientOf(view, name, host),
      }));
    });
};
