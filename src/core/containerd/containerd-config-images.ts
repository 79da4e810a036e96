import type { LoadedConfig } from './containerd-config.ts';
import { imageSectionId, pluginIds, sectionOf } from './containerd-config-merge.ts';
import { type ContainerdVersion, compareVersions } from './containerd-version.ts';
import { byteString } from './toml/bytes.ts';
import { positionOf, TomlError } from './toml/error.ts';
import { readGoToml2 } from './toml/go2.ts';
import { isTomlTable } from './toml/standard.ts';

/** What CRI's image part does with this configuration, as far as mirrors depend on it. */
export type ImageSettings = {
  /** As written; empty when it is not. */
  readonly configPath: string;
  /** In force: 2.2 and later fill in two directories where nothing is written (plugins/cri/images/plugin.go). */
  readonly effectivePath: string;
  readonly directories: readonly string[];
  readonly mirrors: readonly string[];
  readonly configs: readonly string[];
  /** Registries with `configs.*.tls`, which 1.x refuses beside `config_path`. */
  readonly tls: readonly string[];
  readonly auths: readonly string[];
  readonly discardUnpackedLayers: boolean;
  /** Pulls go through the transfer service, which takes `config_path` as one directory name. */
  readonly transferService: boolean;
  /** The setting that switches an otherwise modern containerd to local pulls. */
  readonly localBecause: string | undefined;
};

/** What 2.2 and later read when nothing is said. */
const defaultPathList = '/etc/containerd/certs.d:/etc/docker/certs.d';

const at = (major: number, minor: number, patch: number): ContainerdVersion => ({ major, minor, patch, text: '' });

const keysOf = (value: unknown): readonly string[] => (isTomlTable(value) ? Object.keys(value) : []);

/** `CheckLocalImagePullConfigs`: the settings that the transfer service cannot honour; the first one found counts. */
const switchesToLocal = (
  images: Readonly<Record<string, unknown>>,
  registry: Readonly<Record<string, unknown>>,
): string | undefined => {
  const downloads = images['max_concurrent_downloads'];
  const found: readonly (readonly [boolean, string])[] = [
    [images['use_local_image_pull'] === true, 'use_local_image_pull'],
    [images['disable_snapshot_annotations'] === false, 'disable_snapshot_annotations = false'],
    [images['discard_unpacked_layers'] === true, 'discard_unpacked_layers = true'],
    [keysOf(registry['mirrors']).length > 0, 'registry.mirrors'],
    [keysOf(registry['configs']).length > 0, 'registry.configs'],
    [keysOf(registry['auths']).length > 0, 'registry.auths'],
    [downloads !== undefined && Number(downloads) !== 3, `max_concurrent_downloads = ${String(downloads)}`],
    [images['image_pull_with_sync_fs'] === true, 'image_pull_with_sync_fs = true'],
  ];
  return found.find(([holds]) => holds)?.[1];
};

/** The settings in force for this containerd. */
export const imageSettings = (loaded: LoadedConfig, version: ContainerdVersion): ImageSettings => {
  const images = sectionOf(loaded.merged.plugins, imageSectionId(loaded.merged, version)) ?? {};
  const registry = sectionOf(images, 'registry') ?? {};
  const runtime = version.major < 2 ? (sectionOf(images, 'containerd') ?? {}) : images;
  const configPath = typeof registry['config_path'] === 'string' ? registry['config_path'] : '';
  const mirrors = keysOf(registry['mirrors']);
  const configs = isTomlTable(registry['configs']) ? registry['configs'] : {};
  const since = (major: number, minor: number, patch: number): boolean =>
    compareVersions(version, at(major, minor, patch)) >= 0;
  const filled = since(2, 2, 2)
    ? configPath === '' && mirrors.length === 0
    : since(2, 2, 0) && registry['config_path'] === undefined;
  const effectivePath = filled ? defaultPathList : configPath;
  const localBecause = since(2, 1, 0) ? switchesToLocal(images, registry) : undefined;
  return {
    configPath,
    effectivePath,
    directories: effectivePath.split(':').filter((part) => part !== ''),
    mirrors,
    configs: Object.keys(configs),
    tls: Object.entries(configs).flatMap(([name, value]) =>
      isTomlTable(value) && isTomlTable(value['tls']) ? [name] : [],
    ),
    auths: keysOf(registry['auths']),
    discardUnpackedLayers: runtime['discard_unpacked_layers'] === true,
    transferService: since(2, 1, 0) && localBecause === undefined,
    localBecause,
  };
};

/** The section to write into, as a table name of `config.toml`. */
export const registryTable = (configVersion: number): string => {
  if (configVersion >= 3) return `[plugins."${pluginIds.images}".registry]`;
  return configVersion === 2 ? `[plugins."${pluginIds.grpc}".registry]` : '[plugins.cri.registry]';
};

export type KeyPlace = { readonly line: number; readonly column: number };

/** Where a key stands in a file, given its parts from the top; `undefined` when it is written in another way. */
export const placeOfKey = (text: string, key: readonly string[]): KeyPlace | undefined => {
  const source = byteString(new TextEncoder().encode(text));
  let table: readonly string[] = [];
  try {
    for (const expression of readGoToml2(source, true)) {
      const own = expression.key.map((part) => part.text);
      const first = expression.key[0];
      if (expression.kind !== 'pair') table = own;
      const full = expression.kind === 'pair' ? [...table, ...own] : table;
      if (first !== undefined && full.length === key.length && full.every((part, index) => part === key[index])) {
        return positionOf(source, first.at);
      }
    }
  } catch (error) {
    // A key before the fault was found already.
    if (!(error instanceof TomlError)) throw error;
  }
  return undefined;
};
