import { isList, isMap, type Json, type JsonMap, listOf, mapOf, valueAt, withKeys } from '../config/config-json.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const field = 'metadata.name';

const mapAt = (map: JsonMap, key: string): JsonMap => {
  const inner = valueAt(map, key);
  return isMap(inner) ? inner : mapOf([]);
};

/** A field takes one value each; several requirements of one term all have to hold. */
const notNamed = (name: string): JsonMap =>
  mapOf([
    ['key', field],
    ['operator', 'NotIn'],
    ['values', listOf([name])],
  ]);

/**
 * The affinity that keeps pods away from these nodes, added to the one given. Nodes are excluded by name, so that one that
 * comes later is let in: no label tells a node's runtime, and one that we set would be missing on new nodes.
 */
export const awayFrom = (names: readonly string[], affinity: Json | undefined): JsonMap => {
  const given = isMap(affinity) ? affinity : mapOf([]);
  const nodeAffinity = mapAt(given, 'nodeAffinity');
  const terms = valueAt(nodeAffinity, required, 'nodeSelectorTerms');
  const before = isList(terms) && terms.length > 0 ? terms : [mapOf([])];
  const after = before.map((term) => {
    const map = isMap(term) ? term : mapOf([]);
    const fields = valueAt(map, 'matchFields');
    return withKeys(map, [['matchFields', listOf([...(isList(fields) ? fields : []), ...names.map(notNamed)])]]);
  });
  const rule = withKeys(mapAt(nodeAffinity, required), [['nodeSelectorTerms', listOf(after)]]);
  return withKeys(given, [['nodeAffinity', withKeys(nodeAffinity, [[required, rule]])]]);
};

/** The names that an affinity keeps out in every term: those of `awayFrom`, and whatever else is written that way. */
export const namesKeptOut = (affinity: Json | undefined): readonly string[] => {
  const terms = valueAt(affinity, 'nodeAffinity', required, 'nodeSelectorTerms');
  const first = isList(terms) ? valueAt(terms[0], 'matchFields') : undefined;
  return (isList(first) ? first : []).flatMap((rule) => {
    const values = valueAt(rule, 'values');
    const name = isList(values) ? values[0] : undefined;
    const isOurs = valueAt(rule, 'key') === field && valueAt(rule, 'operator') === 'NotIn';
    return isOurs && typeof name === 'string' ? [name] : [];
  });
};
