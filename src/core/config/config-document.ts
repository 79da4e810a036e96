import { kindName } from './config-json.ts';
import { nearest } from './config-nearest.ts';
import { joinPath, type Report } from './config-problems.ts';
import { type At, childAt, configReader, itemsAt, keyAt, readMap, rootAt } from './config-reader.ts';
import type { YamlNode } from './yaml-positions.ts';

/** The document that is ours, and the names of what stands around and inside it that is not. */
export type Located = { readonly document: At | undefined; readonly foreign: readonly string[] };

const ours = ['cluster', 'extensions', 'handspegel'] as const;
const name = 'kublrAgentConfig';

const keysOf = (at: At | undefined): readonly string[] => [...(at?.node.entries?.keys() ?? [])];

/** A key that is nearly one of ours, and is not read. */
const sayMisspelt = (report: Report, at: At | undefined, known: readonly string[]): void => {
  for (const key of keysOf(at)) {
    const child = keyAt(at, key);
    const meant = known.includes(key) ? undefined : nearest(key, known);
    if (child === undefined || meant === undefined || keysOf(at).includes(meant)) continue;
    const message = `the key ${JSON.stringify(key)} is not read; did you mean ${JSON.stringify(meant)}?`;
    report.warning(
      'config-misspelt-key',
      child.keySpot,
      message,
      "Correct the name, or ignore this if it is somebody else's.",
    );
  }
};

/** Our own keys outside the document: people would wait in vain for them to act. */
const sayMisplaced = (report: Report, at: At | undefined, where: string): void => {
  for (const key of ours) {
    const child = keyAt(at, key);
    if (child === undefined) continue;
    const message = `${JSON.stringify(joinPath(at?.path ?? '', key))} is not read, since ${where} is the document`;
    const hint = `Move it below ${where}.`;
    if (key === 'handspegel') report.error('config-misplaced', child.keySpot, message, hint);
    else report.warning('config-misplaced', child.keySpot, message, hint);
  }
};

const sayGroups = (report: Report, spec: At | undefined): void => {
  const groups = [
    childAt(spec, 'master'),
    ...keysOf(childAt(spec, 'nodes')).map((key) => childAt(childAt(spec, 'nodes'), key)),
  ];
  const nodes = itemsAt(childAt(spec, 'nodes'));
  for (const group of [...groups, ...nodes]) {
    const child = keyAt(group, name);
    if (child === undefined) continue;
    const hint = 'Give the nodes of this group a configuration of their own (another ConfigMap and DaemonSet).';
    report.warning('config-misplaced', child.keySpot, `${name} of one group of nodes is not read`, hint);
  }
};

/** The same place, with paths from the document's own root on. */
const asRoot = (at: At): At => ({ ...at, path: '', keySpot: { ...at.keySpot, path: '' } });

/** Finds the document: bare, under `kublrAgentConfig`, or under `spec.kublrAgentConfig` of a cluster specification. */
export const locateDocument = (report: Report, root: YamlNode): Located => {
  if (root.value === null) return { document: undefined, foreign: [] };
  const top = readMap(configReader(report), rootAt(root), 'a map with any of cluster, extensions, handspegel');
  if (top === undefined) return { document: undefined, foreign: [] };
  const spec = childAt(top, 'spec');
  const [inner, outer] = [keyAt(spec, name), keyAt(top, name)];
  const at = inner ?? outer;
  if (inner !== undefined && outer !== undefined) {
    const hint = 'Keep one of the two.';
    report.error('config-misplaced', outer.keySpot, `both ${name} and spec.${name} are there`, hint);
  }
  if (at === undefined) {
    sayMisspelt(report, top, [...ours, name, 'spec']);
    sayMisspelt(report, spec, [name]);
    sayGroups(report, spec);
    if (spec !== undefined) sayMisplaced(report, spec, `spec.${name}`);
    const others = keysOf(top).filter((key) => !(ours as readonly string[]).includes(key));
    const foreign = others.filter((key) => key !== 'spec' || spec !== undefined);
    return { document: top, foreign };
  }
  sayMisplaced(report, top, at.path);
  if (inner !== undefined) sayMisplaced(report, spec, at.path);
  sayGroups(report, spec);
  const outside = [
    ...keysOf(top).filter((key) => key !== name && !(key === 'spec' && inner !== undefined)),
    ...(inner === undefined
      ? []
      : keysOf(spec)
          .filter((key) => key !== name)
          .map((key) => joinPath('spec', key))),
  ];
  if (at.node.value === null) return { document: undefined, foreign: outside };
  const document = readMap(configReader(report), at, 'a map with any of cluster, extensions, handspegel');
  if (document === undefined) return { document: undefined, foreign: outside };
  sayMisspelt(report, document, ours);
  const inside = keysOf(document).filter((key) => !(ours as readonly string[]).includes(key));
  return { document: asRoot(document), foreign: [...outside, ...inside.map((key) => joinPath(at.path, key))] };
};

/** The part `cluster.addon.spegel`, and the names of what stands beside it. */
export const locateSpegel = (report: Report, document: At | undefined): Located => {
  const foreign: string[] = [];
  let at = document;
  for (const key of ['cluster', 'addon', 'spegel']) {
    if (at !== document) {
      sayMisspelt(report, at, [key]);
      foreign.push(
        ...keysOf(at)
          .filter((other) => other !== key)
          .map((other) => joinPath(at?.path ?? '', other)),
      );
    }
    const child = childAt(at, key);
    if (child !== undefined && child.node.entries === undefined) {
      const message = `${key} must be a map, but it is ${kindName(child.node.value)}`;
      report.error('config-type', child, message, 'Write `cluster:`, `addon:`, `spegel:` each on a line of its own.');
      return { document: undefined, foreign };
    }
    at = child;
  }
  const known = ['enabled', 'helm_values'];
  sayMisspelt(report, at, known);
  foreign.push(
    ...keysOf(at)
      .filter((key) => !known.includes(key))
      .map((key) => joinPath(at?.path ?? '', key)),
  );
  return { document: at, foreign };
};
