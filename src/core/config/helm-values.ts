import { isList, isMap, type Json, type JsonMap, kindName, listOf, mapOf } from './config-json.ts';
import { joinPath, type Report } from './config-problems.ts';
import { type At, childAt, keyAt, rootAt } from './config-reader.ts';
import { placeInText, readYaml, type TextSource, type YamlNode } from './yaml-positions.ts';

/** How `helm_values` was given. */
export type HelmValuesForm = 'map' | 'string' | 'absent';

export type HelmValues = {
  readonly form: HelmValuesForm;
  /** What Helm would be given: a map without its nulls, or all that the string holds. */
  readonly values: JsonMap;
  /** For reading single values with their places; `undefined` without values. */
  readonly at: At | undefined;
};

const none: HelmValues = { form: 'absent', values: mapOf([]), at: undefined };

const dropNulls = (value: Json, path: string, dropped: string[]): Json => {
  // A null in a list stays: Kublr cleans maps only, and dropping it would move its neighbours.
  if (isList(value)) return listOf(value.map((item, index) => dropNulls(item, joinPath(path, index), dropped)));
  if (!isMap(value)) return value;
  const kept: [string, Json][] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) dropped.push(joinPath(path, key));
    else kept.push([key, dropNulls(inner, joinPath(path, key), dropped)]);
  }
  return mapOf(kept);
};

const readMapForm = (report: Report, at: At): HelmValues => {
  const dropped: string[] = [];
  const values = dropNulls(at.node.value, '', dropped);
  if (dropped.length > 0) {
    const [first] = dropped;
    report.warning(
      'helm-values-null',
      at.keySpot,
      `null in a map of chart values is dropped (${dropped.join(', ')}), so Helm keeps the chart's default`,
      `To unset a default give helm_values as a string: \`helm_values: |\` with the same YAML, ${first} included.`,
    );
  }
  return { form: 'map', values: isMap(values) ? values : none.values, at };
};

/** The same node with each place moved from the string's own lines to those of the file. */
const moved = (node: YamlNode, text: TextSource): YamlNode => {
  const there = (place: { line: number; column: number }): { line: number; column: number } => ({
    column: text.column,
    ...placeInText(text, place.line, place.column),
  });
  const { entries, items } = node;
  return {
    ...node,
    place: there(node.place),
    ...(items === undefined ? {} : { items: items.map((item) => moved(item, text)) }),
    ...(entries === undefined
      ? {}
      : {
          entries: new Map(
            [...entries].map(([key, entry]) => [key, { key: there(entry.key), node: moved(entry.node, text) }]),
          ),
        }),
  };
};

const readStringForm = (report: Report, at: At, source: TextSource, yaml: string): HelmValues => {
  const document = readYaml(yaml);
  let failed = false;
  for (const { kind, message, place } of document.problems) {
    const spot = { path: at.path, place: placeInText(source, place.line, place.column) };
    const told = `line ${place.line} of the string: ${message}`;
    if (kind === 'warning') {
      report.warning('config-yaml-warning', spot, told, 'Check that the value is what you mean.');
    } else {
      failed = true;
      report.error('helm-values-syntax', spot, told, 'Correct the YAML inside the string; Helm would refuse it too.');
    }
  }
  // Aliases could make the copy with moved places huge; a document over the limit is an error already.
  if (failed) return { ...none, form: 'string' };
  const { value } = document.root;
  if (value === null) return { form: 'string', values: none.values, at: undefined };
  const node = moved(document.root, source);
  if (!isMap(value)) {
    const message = `the string holds ${kindName(value)}, not a map`;
    report.error(
      'helm-values-type',
      { path: at.path, place: node.place },
      message,
      'Write chart values: `key: value` lines.',
    );
    return { ...none, form: 'string' };
  }
  return { form: 'string', values: value, at: { ...rootAt(node), path: at.path } };
};

/** Reads `cluster.addon.spegel.helm_values`: a map, whose nulls are dropped, or a string of YAML, where they stay. */
export const readHelmValues = (report: Report, spegel: At | undefined): HelmValues => {
  const at = childAt(spegel, 'helm_values');
  if (at === undefined) return none;
  const { value, text } = at.node;
  if (typeof value === 'string' && text !== undefined) return readStringForm(report, at, text, value);
  if (isMap(value)) return readMapForm(report, at);
  report.error(
    'helm-values-type',
    at,
    `helm_values must be a map or a string of YAML, but it is ${kindName(value)}`,
    'Write the values of the Spegel chart as a map.',
  );
  return none;
};

/** A chart value by its path; in a map null means the default (it is dropped), in a string it stays. */
export const chartValueAt = (values: HelmValues, ...keys: readonly string[]): At | undefined => {
  let at = values.at;
  for (const key of keys) at = values.form === 'map' ? childAt(at, key) : keyAt(at, key);
  return at;
};
