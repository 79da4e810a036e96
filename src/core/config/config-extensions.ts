import type { Policy } from '../desired.ts';
import { compareText, kindName } from './config-json.ts';
import type { Report } from './config-problems.ts';
import { type At, childAt, configReader, keyAt, readMap, readWord, refuseUnknownKeys } from './config-reader.ts';
import { type PathFinding, readExtensionPath } from './extension-path.ts';
import type { TextSource } from './yaml-positions.ts';

/** One template of the document that leads to a file below certs.d. */
export type Extension = {
  readonly key: string;
  /** As written. */
  readonly path: string;
  /** The registry directory. */
  readonly registry: string;
  /** The file in it. */
  readonly name: string;
  /** Go template; empty means that the file is not generated. */
  readonly content: string;
  /** Where the content stands in the configuration file. */
  readonly source: TextSource;
  /** `handoff:`, for the whole registry directory. */
  readonly handoff: Policy | undefined;
  /** Line of the key, for messages. */
  readonly line: number;
};

export type Extensions = {
  /** In the order in which they are applied. */
  readonly extensions: readonly Extension[];
  /** Keys whose paths belong to somebody else. */
  readonly elsewhere: readonly string[];
};

const readContent = (report: Report, at: At): { content: string; source: TextSource } | undefined => {
  const content = keyAt(at, 'content');
  const { value, text } = content?.node ?? { value: undefined, text: undefined };
  if (typeof value === 'string' && text !== undefined) return { content: value, source: text };
  const hint = "Write a Go template as a string (`content: |`), or `content: ''` if the file shall not be generated.";
  if (content === undefined)
    report.error('extension-incomplete', at.keySpot, `the extension ${JSON.stringify(at.name)} has no content`, hint);
  else report.error('config-type', content, `${content.name} must be a string, but it is ${kindName(value)}`, hint);
  return undefined;
};

const readPath = (report: Report, at: At): { path: string; spot: At } | undefined => {
  const spot = keyAt(at, 'path');
  const value = spot?.node.value;
  if (spot !== undefined && typeof value === 'string' && value !== '') return { path: value, spot };
  const hint = 'Write where the file goes, such as templates/root_dir/etc/containerd/certs.d/_default/hosts.toml.';
  if (spot === undefined)
    report.error('extension-incomplete', at.keySpot, `the extension ${JSON.stringify(at.name)} has no path`, hint);
  else if (value === '') report.error('extension-incomplete', spot, 'the path is empty', hint);
  else report.error('config-type', spot, `${spot.name} must be a string, but it is ${kindName(value)}`, hint);
  return undefined;
};

const readOne = (report: Report, at: At, key: string): Extension | 'elsewhere' | undefined => {
  const reader = configReader(report);
  const map = readMap(reader, at, 'a map with path and content');
  const path = map === undefined ? undefined : readPath(report, map);
  if (map === undefined || path === undefined) return undefined;
  const say = (finding: PathFinding): void =>
    report.warning(finding.code, path.spot, `extension ${JSON.stringify(key)}: ${finding.message}`, finding.hint);
  const read = readExtensionPath(path.path);
  if (read.kind === 'refused') {
    const { code, message, hint } = read.finding;
    report.error(code, path.spot, `extension ${JSON.stringify(key)}: ${message}`, hint);
    return undefined;
  }
  for (const finding of read.warnings) say(finding);
  if (read.kind === 'elsewhere') return 'elsewhere';
  refuseUnknownKeys(reader, map, ['path', 'content', 'handoff']);
  const handoff = readWord(reader, childAt(map, 'handoff'), ['yield', 'hold', 'merge']);
  const content = readContent(report, map);
  if (content === undefined) return undefined;
  const { registry, name } = read;
  return { key, path: path.path, registry, name, ...content, handoff, line: at.keySpot.place.line };
};

/** Reads `extensions:`; each in the order of the UTF-8 bytes of its key, so that `10-x` comes before `9-x`. */
export const readExtensions = (report: Report, document: At | undefined): Extensions => {
  const map = readMap(
    configReader(report),
    childAt(document, 'extensions'),
    'a map: each key has a path and a content',
  );
  const extensions: Extension[] = [];
  const elsewhere: string[] = [];
  for (const key of [...(map?.node.entries?.keys() ?? [])].toSorted(compareText)) {
    const at = keyAt(map, key);
    const read = at === undefined ? undefined : readOne(report, at, key);
    if (read === 'elsewhere') elsewhere.push(key);
    else if (read !== undefined) extensions.push(read);
  }
  return { extensions, elsewhere };
};
