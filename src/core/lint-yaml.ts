import { isMap, valueAt } from './config/config-json.ts';
import { placeInText, readYaml, type TextSource, type YamlNode } from './config/yaml-positions.ts';

/** A place in the text that was handed in, 1-based. */
export type Place = { readonly line: number; readonly column?: number };

/** One configuration found in a YAML file. */
export type FoundConfig = {
  readonly text: string;
  /** From a place in that text to the file. */
  readonly placeOf: (line: number, column?: number) => Place;
  /** What it was found in, for people. */
  readonly within: string | undefined;
};

export type YamlScan = {
  readonly configs: readonly FoundConfig[];
  /** First lines of documents that hold none. */
  readonly others: readonly { readonly line: number; readonly kind: string }[];
};

/** The documents of a file, each preceded by as many empty lines as stood before it: places stay the same. */
const documentsOf = (text: string): readonly string[] => {
  const lines = text.split('\n');
  const documents: string[] = [];
  let start = 0;
  const close = (end: number): void => {
    const body = lines.slice(start, end).join('\n');
    if (body.split('\n').some((line) => /^\s*[^\s#]/.test(line))) documents.push('\n'.repeat(start) + body);
  };
  for (const [index, line] of lines.entries()) {
    if (!/^---(?:\s|$)/.test(line)) continue;
    close(index);
    start = index + 1;
  }
  close(lines.length);
  return documents;
};

const unchanged = (line: number, column?: number): Place => ({ line, ...(column === undefined ? {} : { column }) });

const keyNames = (keys: readonly string[]): string | undefined => {
  if (keys.includes('config.yaml')) return 'config.yaml';
  const yaml = keys.filter((key) => /\.ya?ml$/.test(key));
  return yaml.length === 1 ? yaml[0] : undefined;
};

const inConfigMap = (root: YamlNode): FoundConfig | undefined => {
  const data = root.entries?.get('data')?.node;
  const key = keyNames([...(data?.entries?.keys() ?? [])]);
  const node = key === undefined ? undefined : data?.entries?.get(key)?.node;
  const source: TextSource | undefined = node?.text;
  if (key === undefined || typeof node?.value !== 'string' || source === undefined) return undefined;
  return {
    text: node.value,
    placeOf: (line, column) => placeInText(source, line, column),
    within: `ConfigMap key ${key}`,
  };
};

const ours = ['cluster', 'extensions', 'handspegel', 'kublrAgentConfig'];

const looksOurs = (root: YamlNode): boolean => {
  if (!isMap(root.value)) return root.value === null;
  const keys = Object.keys(root.value);
  return keys.some((key) => ours.includes(key)) || valueAt(root.value, 'spec', 'kublrAgentConfig') !== undefined;
};

/**
 * Finds the configurations in a YAML file: the document itself (bare, or a cluster specification), or `config.yaml` of a
 * ConfigMap; of a file with several documents, in each.
 */
export const scanYaml = (text: string): YamlScan => {
  const documents = documentsOf(text);
  const configs: FoundConfig[] = [];
  const others: { readonly line: number; readonly kind: string }[] = [];
  for (const document of documents.length < 2 ? [text] : documents) {
    const { root, problems } = readYaml(document);
    const kind = valueAt(root.value, 'kind');
    const line = document.length - document.trimStart().length;
    const first = document.slice(0, line).split('\n').length;
    const broken = problems.some((problem) => problem.kind === 'syntax' || problem.kind === 'limit');
    const inner = kind === 'ConfigMap' ? inConfigMap(root) : undefined;
    if (inner !== undefined) configs.push(inner);
    else if (broken || looksOurs(root)) configs.push({ text: document, placeOf: unchanged, within: undefined });
    else others.push({ line: first, kind: typeof kind === 'string' ? kind : 'YAML' });
  }
  return { configs, others };
};
