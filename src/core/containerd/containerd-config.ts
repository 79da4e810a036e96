import { type ConfigPart, type MergedConfig, mergeParts, newestConfigVersion } from './containerd-config-merge.ts';
import type { ContainerdVersion } from './containerd-version.ts';
import { isTomlTable, parseToml } from './toml/standard.ts';

/** One file of the configuration, as the node has it. */
export type ConfigRead =
  | { readonly kind: 'text'; readonly text: string; readonly changedAt: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** How files are reached; paths are those of the node. */
export type ConfigReader = {
  readonly read: (path: string) => ConfigRead;
  /** Go's `filepath.Glob`, in its order. */
  readonly glob: (pattern: string) => readonly string[];
};

export type LoadedFile = ConfigPart & { readonly text: string; readonly changedAt: number };

/** Why containerd does not start with this configuration. */
export type ConfigFault = {
  readonly kind: 'unreadable' | 'syntax' | 'version' | 'import-missing' | 'import-version';
  readonly file: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
};

export type LoadedConfig = {
  readonly path: string;
  /** `absent`: containerd runs with its defaults. */
  readonly state: 'absent' | 'loaded' | 'fails';
  readonly files: readonly LoadedFile[];
  readonly faults: readonly ConfigFault[];
  readonly merged: MergedConfig;
  /** Where its socket is, if the configuration says so. */
  readonly address: string | undefined;
  /** Of all files together. */
  readonly disabledPlugins: readonly string[];
};

const clean = (path: string): string => {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
};

const importsOf = (
  parent: string,
  table: Readonly<Record<string, unknown>>,
  reader: ConfigReader,
): readonly string[] => {
  const { imports } = table;
  if (!Array.isArray(imports)) return [];
  const folder = parent.slice(0, parent.lastIndexOf('/'));
  return imports
    .filter((path) => typeof path === 'string')
    .map((path) => clean(path.startsWith('/') ? path : `${folder}/${path}`))
    .flatMap((path) => (path.includes('*') ? reader.glob(path) : [path]));
};

const words = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : 0;

/** `grpc.address`, which version 4 keeps in a plugin of its own. */
const addressOf = (table: Readonly<Record<string, unknown>>, plugins: ConfigPart['plugins']): string | undefined => {
  const places = [table['grpc'], plugins['io.containerd.server.v1.grpc']];
  const said = places.flatMap((place) =>
    isTomlTable(place) && typeof place['address'] === 'string' ? place['address'] : [],
  );
  return said.find((address) => address !== '');
};

type Opened = { readonly file: LoadedFile; readonly table: Readonly<Record<string, unknown>> };

const open = (path: string, reader: ConfigReader, imported: boolean): Opened | ConfigFault | undefined => {
  const read = reader.read(path);
  if (read.kind === 'unreadable') return { kind: 'unreadable', file: path, message: read.why };
  if (read.kind === 'absent') {
    return imported
      ? { kind: 'import-missing', file: path, message: `${path} is imported and does not exist` }
      : undefined;
  }
  const parsed = parseToml(read.text.replace(/^\u{feff}/u, ''));
  if (!parsed.ok) {
    const { reason, line, column } = parsed;
    return { kind: 'syntax', file: path, message: reason, line, column };
  }
  const { table } = parsed;
  const plugins = isTomlTable(table['plugins']) ? table['plugins'] : {};
  const file: LoadedFile = {
    path,
    version: numberOf(table['version']),
    plugins,
    text: read.text,
    changedAt: read.changedAt,
  };
  return { file, table };
};

/**
 * Reads containerd's configuration as its `LoadConfig` does: the file, then what it imports, breadth first, each once;
 * merged and migrated by the rules of the version (cmd/containerd/server/config/config.go at 1.7, 2.0 and 2.3).
 */
export const loadContainerdConfig = (path: string, reader: ConfigReader, version: ContainerdVersion): LoadedConfig => {
  const files: LoadedFile[] = [];
  const faults: ConfigFault[] = [];
  const disabled: string[] = [];
  const seen = new Set<string>();
  const pending = [path];
  let root: number | undefined;
  let address: string | undefined;
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const opened = open(next, reader, files.length > 0);
    if (opened === undefined) break;
    if ('kind' in opened) {
      faults.push(opened);
      continue;
    }
    const { file, table } = opened;
    root ??= file.version;
    if (newestConfigVersion(version) === 4 && root > 0 && file.version > root) {
      const message = `version ${file.version} in an imported file is higher than version ${root} of ${path}`;
      faults.push({ kind: 'import-version', file: file.path, message });
    }
    if (file.version > newestConfigVersion(version)) {
      const message = `version = ${file.version}, but this containerd takes ${newestConfigVersion(version)} at most`;
      faults.push({ kind: 'version', file: file.path, message });
    }
    files.push(file);
    address = addressOf(table, file.plugins) ?? address;
    disabled.push(...words(table['disabled_plugins']));
    pending.push(...importsOf(file.path, table, reader));
  }
  const state = faults.length > 0 ? 'fails' : files.length === 0 ? 'absent' : 'loaded';
  return { path, state, files, faults, merged: mergeParts(files, version), address, disabledPlugins: disabled };
};
