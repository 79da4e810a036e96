import type { ContainerdVersion } from './containerd-version.ts';
import { isTomlTable, type TomlTable } from './toml/standard.ts';

/** Plugin ids that have held CRI's image settings, and the one whose `config_path` nothing reads. */
export const pluginIds = {
  short: 'cri',
  grpc: 'io.containerd.grpc.v1.cri',
  images: 'io.containerd.cri.v1.images',
  transfer: 'io.containerd.transfer.v1.local',
} as const;

const since = (version: ContainerdVersion, patch: number): boolean => version.patch >= patch;

/**
 * Highest `version` that a containerd takes: 3 in 2.0 to 2.2, 4 since 2.3 (version/version.go). 1.x refuses more than 2
 * since 1.6.32 and 1.7.17; before, it reads any other number as 2.
 */
export const newestConfigVersion = (version: ContainerdVersion): number => {
  const { major, minor } = version;
  if (major >= 2) return major === 2 && minor < 3 ? 3 : 4;
  const refuses = minor > 7 || (minor === 7 && since(version, 17)) || (minor === 6 && since(version, 32));
  return refuses ? 2 : Number.POSITIVE_INFINITY;
};

export type Plugins = Readonly<Record<string, unknown>>;

/** One file as written. `version` 0: the line is missing. */
export type ConfigPart = {
  readonly path: string;
  readonly version: number;
  readonly plugins: Plugins;
};

export type MergedConfig = { readonly version: number; readonly plugins: Plugins };

/** Since 2.0 tables are merged key by key (containerd PR 9982). */
const deepMerge = (to: Plugins, from: Plugins): Plugins => {
  const merged: Record<string, unknown> = { ...to };
  for (const [key, value] of Object.entries(from)) {
    const old = merged[key];
    merged[key] = isTomlTable(old) && isTomlTable(value) ? deepMerge(old, value) : value;
  }
  return merged;
};

const section = (plugins: Plugins, id: string): TomlTable | undefined => {
  const found = Object.hasOwn(plugins, id) ? plugins[id] : undefined;
  return isTomlTable(found) ? found : undefined;
};

/** `v1MigratePluginName`: of the short names only CRI's matters here. */
const longNames = (plugins: Plugins): Plugins =>
  Object.fromEntries(
    Object.entries(plugins).map(([id, value]) => [id === pluginIds.short ? pluginIds.grpc : id, value]),
  );

const moved = [
  'registry',
  'image_decryption',
  'max_concurrent_downloads',
  'image_pull_progress_timeout',
  'image_pull_with_sync_fs',
] as const;

/**
 * `migrateConfig` of plugins/cri/images: keys of the old section replace those of the new one; what stands under
 * `containerd` moves only where there is a `runtimes` table beside it.
 */
const migrateImages = (plugins: Plugins): Plugins => {
  const source = section(plugins, pluginIds.grpc);
  if (source === undefined) return plugins;
  const target: Record<string, unknown> = { ...section(plugins, pluginIds.images) };
  for (const key of moved) if (Object.hasOwn(source, key)) target[key] = source[key];
  const runtime = section(source, 'containerd');
  if (runtime !== undefined && section(runtime, 'runtimes') !== undefined) {
    for (const key of ['disable_snapshot_annotations', 'discard_unpacked_layers']) {
      if (Object.hasOwn(runtime, key)) target[key] = runtime[key];
    }
  }
  return { ...plugins, [pluginIds.images]: target };
};

/** 1.x: whole sections replace each other, and the last `version` counts (services/server/config, 1.7). */
const mergeOld = (parts: readonly ConfigPart[]): MergedConfig => {
  let version = 1;
  let plugins: Plugins = {};
  for (const part of parts) {
    if (part.version > 0) version = part.version;
    plugins = { ...plugins, ...part.plugins };
  }
  return { version, plugins };
};

/** 2.0 to 2.2: files are merged first, and the sum is migrated by the last version seen; 3 is not migrated. */
const mergeMiddle = (parts: readonly ConfigPart[]): MergedConfig => {
  let version = 3;
  let plugins: Plugins = {};
  for (const part of parts) {
    const old = part.version < 2;
    if (!old) version = part.version;
    plugins = deepMerge(plugins, old ? longNames(part.plugins) : part.plugins);
  }
  return { version, plugins: version < 3 ? migrateImages(plugins) : plugins };
};

/** Since 2.3 each file is migrated step by step before it is merged. */
const mergeNew = (parts: readonly ConfigPart[]): MergedConfig => {
  let plugins: Plugins = {};
  for (const part of parts) {
    const long = part.version < 2 ? longNames(part.plugins) : part.plugins;
    plugins = deepMerge(plugins, part.version < 4 ? migrateImages(long) : long);
  }
  return { version: 4, plugins };
};

/** The files of one configuration in the order read, merged and migrated as this containerd does it. */
export const mergeParts = (parts: readonly ConfigPart[], version: ContainerdVersion): MergedConfig => {
  if (version.major < 2) return mergeOld(parts);
  return version.major === 2 && version.minor < 3 ? mergeMiddle(parts) : mergeNew(parts);
};

/** Sections in which CRI's image settings count for this containerd, after `mergeParts`. */
export const imageSectionId = (merged: MergedConfig, { major }: ContainerdVersion): string => {
  if (major >= 2) return pluginIds.images;
  return merged.version === 1 ? pluginIds.short : pluginIds.grpc;
};

export const sectionOf = section;
