import { Budget, DEFAULT_LIMITS } from '../../gotemplate/limits.ts';
import { emitYaml, type YamlNode } from '../../gotemplate/yaml/emit.ts';
import { isList, isMap, type Json } from '../config/config-json.ts';

const nodeOf = (value: Json): YamlNode => {
  if (typeof value === 'string') return { kind: 'string', text: value };
  if (isList(value)) return { kind: 'list', items: value.map(nodeOf) };
  if (isMap(value)) return { kind: 'map', entries: Object.entries(value).map(([key, inner]) => [key, nodeOf(inner)]) };
  return { kind: 'word', text: String(value) };
};

/**
 * YAML in go-yaml's style, keys in their order. Strings that YAML 1.1 would take for something else (`yes`, `on`) are
 * quoted, so that Helm, Argo CD and Flux read what was meant.
 */
export const printYaml = (value: Json): string => emitYaml(nodeOf(value), new Budget(DEFAULT_LIMITS));
