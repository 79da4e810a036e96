import type { ContainerdRules } from './containerd-version.ts';
import type { DecodedHosts, HostFields, LooseValue } from './hosts-fields.ts';
import { GoPanic, TomlError } from './toml/error.ts';
import { maxDepth } from './toml/go-place.ts';
import type { Go1Entry, Go1Tree } from './toml/go1-tree.ts';

/** The spellings that go-toml 1 tries for a key, in its order. */
const spellings = (name: string): readonly string[] => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.charAt(0).toLowerCase() + name.slice(1),
];

const entryOf = (tree: Go1Tree, name: string): Go1Entry | undefined => {
  const spelling = spellings(name).find((key) => tree.entries.has(key));
  return spelling === undefined ? undefined : tree.entries.get(spelling);
};

const wrongType = (tree: Go1Tree, name: string, wanted: string): TomlError =>
  new TomlError(`${name} must be ${wanted}`, tree.at);

/** A number over the signed range becomes a character that is none, as Go converts it. */
const stringOf = (entry: Go1Entry): string | undefined => {
  if (entry.kind === 'string') return entry.text;
  return entry.kind === 'unsigned' ? '\ufffd' : undefined;
};

const looseOf = (entry: Go1Entry, depth = 0): LooseValue => {
  switch (entry.kind) {
    case 'string':
      return entry.text;
    case 'list':
      return depth >= maxDepth ? { other: 'a list' } : entry.items.map((item) => looseOf(item, depth + 1));
    case 'tree':
      return { other: 'a table' };
    case 'trees':
      return { other: 'a list of tables' };
    default:
      return { other: entry.kind === 'boolean' ? 'a boolean' : 'a number or date' };
  }
};

const capabilitiesOf = (tree: Go1Tree): readonly string[] | undefined => {
  const entry = entryOf(tree, 'capabilities');
  if (entry === undefined) return undefined;
  const items = entry.kind === 'list' ? entry.items.map(stringOf) : [undefined];
  const strings = items.filter((item) => item !== undefined);
  if (strings.length < items.length) throw wrongType(tree, 'capabilities', 'a list of strings');
  return strings;
};

const booleanOf = (tree: Go1Tree, name: string): boolean | undefined => {
  const entry = entryOf(tree, name);
  if (entry === undefined) return undefined;
  if (entry.kind !== 'boolean') throw wrongType(tree, name, 'true or false');
  return entry.value;
};

const headerOf = (tree: Go1Tree): ReadonlyMap<string, LooseValue> | undefined => {
  const entry = entryOf(tree, 'header');
  if (entry === undefined) return undefined;
  if (entry.kind !== 'tree') throw wrongType(tree, 'header', 'a table');
  return new Map([...entry.entries].map(([name, value]) => [name, looseOf(value)]));
};

const looseField = (tree: Go1Tree, name: string): LooseValue | undefined => {
  const entry = entryOf(tree, name);
  return entry === undefined ? undefined : looseOf(entry);
};

/** 1.x does not know `dial_timeout`; it is read only to keep it when the file is edited. */
const dialTimeoutOf = (tree: Go1Tree, rules: ContainerdRules): string => {
  const entry = rules.dialTimeout ? entryOf(tree, 'dial_timeout') : undefined;
  return entry?.kind === 'string' ? entry.text : '';
};

const fieldsOf = (tree: Go1Tree, rules: ContainerdRules): HostFields => ({
  capabilities: capabilitiesOf(tree),
  ca: looseField(tree, 'ca'),
  client: looseField(tree, 'client'),
  skipVerify: booleanOf(tree, 'skip_verify'),
  header: headerOf(tree),
  overridePath: booleanOf(tree, 'override_path') ?? false,
  dialTimeout: dialTimeoutOf(tree, rules),
});

/** The top-level keys; a table named like the embedded Go structure takes their place. */
const topOf = (root: Go1Tree, rules: ContainerdRules): HostFields => {
  const embedded = entryOf(root, 'HostFileConfig') ?? (root.entries.get('hostFileConfig') as Go1Entry | undefined);
  if (embedded === undefined) return fieldsOf(root, rules);
  if (embedded.kind !== 'tree') throw wrongType(root, 'hostFileConfig', 'a table');
  return fieldsOf(embedded, rules);
};

/**
 * The hosts by the line of their table. Two entries of which one is no table end containerd, since they are compared as
 * tables (`getSortedHosts`); hosts without a line of their own, those of inline tables, come in any order.
 */
const orderOf = (root: Go1Tree, rules: ContainerdRules): Pick<DecodedHosts, 'order' | 'stable'> => {
  const host = root.entries.get('host');
  if (host?.kind !== 'tree') {
    if (rules.needsHostTable) throw new TomlError('invalid `host` tree: there is no [host] table', 0);
    return { order: [], stable: true };
  }
  const entries = [...host.entries];
  if (entries.length === 1) return { order: entries.map(([url]) => url), stable: true };
  const lines = entries.map(([url, entry]) => {
    if (entry.kind !== 'tree') throw new GoPanic(`interface conversion: ${url} is not *toml.Tree`, host.at);
    return { url, line: entry.line };
  });
  lines.sort((a, b) => a.line - b.line);
  const stable = lines.every(({ line }, index) => line !== lines[index + 1]?.line);
  return { order: lines.map(({ url }) => url), stable };
};

/** containerd 1.6 and 1.7: order first, then types. Throws a TomlError or a GoPanic. */
export const decodeGoToml1 = (root: Go1Tree, rules: ContainerdRules): DecodedHosts => {
  const { order, stable } = orderOf(root, rules);
  const top = topOf(root, rules);
  const serverEntry = entryOf(root, 'server');
  const server = serverEntry === undefined ? '' : stringOf(serverEntry);
  if (server === undefined) throw wrongType(root, 'server', 'a string');
  const hosts = new Map<string, HostFields>();
  const host = entryOf(root, 'host');
  if (host !== undefined) {
    if (host.kind !== 'tree') throw wrongType(root, 'host', 'a table');
    for (const [url, entry] of host.entries) {
      if (entry.kind !== 'tree') throw wrongType(host, `host.'${url}'`, 'a table');
      hosts.set(url, fieldsOf(entry, rules));
    }
  }
  return { server, top, hosts, order, stable };
};
