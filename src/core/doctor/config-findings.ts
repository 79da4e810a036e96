import type { ConfigFault, LoadedConfig, LoadedFile } from '../containerd/containerd-config.ts';
import {
  type ImageSettings,
  imageSettings,
  type KeyPlace,
  placeOfKey,
  registryTable,
} from '../containerd/containerd-config-images.ts';
import { imageSectionId, mergeParts, pluginIds, sectionOf } from '../containerd/containerd-config-merge.ts';
import { type ContainerdVersion, compareVersions, versionNumber } from '../containerd/containerd-version.ts';
import type { Distribution } from './distributions.ts';
import type { DoctorCode } from './doctor-codes.ts';
import { type Finding, finding } from './finding.ts';

export type ConfigInput = {
  readonly config: LoadedConfig;
  readonly version: ContainerdVersion;
  readonly distribution: Distribution;
  /** The directory that is managed. */
  readonly certsDir: string;
};

type Spot = { readonly file: string } & Partial<KeyPlace>;

const faultCodes: Readonly<Record<ConfigFault['kind'], readonly [DoctorCode, string]>> = {
  unreadable: ['containerd-config-unreadable', 'Let handspegel read the file: run as root, or mount its directory.'],
  syntax: ['containerd-config-syntax', 'Correct the TOML at this place; `containerd config dump` checks it.'],
  version: ['containerd-config-version-high', 'Write the version that this containerd knows, with its section names.'],
  'import-missing': [
    'containerd-import-missing',
    'Create the file, or take it out of imports. A pattern with * may match nothing.',
  ],
  'import-version': ['containerd-import-version', 'Give all files the same version.'],
};

/** The last file that writes a key: its value counts. */
const spotOf = ({ files, path }: LoadedConfig, ids: readonly string[], rest: readonly string[]): Spot => {
  for (const file of files.toReversed()) {
    for (const id of ids) {
      const place = placeOfKey(file.text, ['plugins', id, ...rest]);
      if (place !== undefined) return { file: file.path, ...place };
    }
  }
  return { file: path };
};

const imageIds = [pluginIds.images, pluginIds.grpc, pluginIds.short];

const setting = ({ config, version, certsDir, distribution }: ConfigInput): string => {
  const written = config.files[0]?.version ?? 0;
  const configVersion = written >= 2 ? written : version.major < 2 ? 2 : 3;
  const head = written >= 2 ? '' : `version = ${configVersion}\n`;
  return `${head}${registryTable(configVersion)}\nconfig_path = "${certsDir}"\n${distribution.mend} Then: ${distribution.restart}`;
};

const hasRegistry = (file: LoadedFile, id: string): boolean =>
  Object.keys(sectionOf(sectionOf(file.plugins, id) ?? {}, 'registry') ?? {}).length > 0;

/** Registry settings in a section whose name this containerd, or this version of the file, does not know. */
const unreadSections = (input: ConfigInput, settings: ImageSettings): readonly Finding[] => {
  const { config, version } = input;
  const read = imageSectionId(config.merged, version);
  const effective = Object.keys(sectionOf(sectionOf(config.merged.plugins, read) ?? {}, 'registry') ?? {}).length > 0;
  if (effective && settings.configPath !== '') return [];
  return config.files.flatMap((file) =>
    imageIds
      .filter((id) => id !== read && hasRegistry(file, id) && !movesTo(file, id, input))
      .map((id) => {
        const place =
          placeOfKey(file.text, ['plugins', id, 'registry']) ??
          placeOfKey(file.text, ['plugins', id, 'registry', 'config_path']);
        const line = file.version === 0 ? 'without a version line' : `with version = ${file.version}`;
        const message = `containerd ${versionNumber(version)} does not read [plugins.${JSON.stringify(id)}.registry] of a file ${line}`;
        const hint =
          file.version === 0 && id !== pluginIds.short
            ? `Put version = ${id === pluginIds.images ? 3 : 2} at the top of the file.`
            : `Write:\n${setting(input)}`;
        return finding('containerd-config-section-unread', message, hint, { file: file.path, ...place });
      }),
  );
};

/** Would this section alone have an effect? */
const movesTo = (file: LoadedFile, id: string, { version, config }: ConfigInput): boolean => {
  const alone = mergeParts(
    [{ ...file, version: version.major === 2 && version.minor < 3 ? config.merged.version : file.version }],
    version,
  );
  const read = sectionOf(alone.plugins, imageSectionId(alone, version));
  return id !== imageSectionId(alone, version) && Object.keys(sectionOf(read ?? {}, 'registry') ?? {}).length > 0;
};

/** 1.x: an imported file that names the CRI section takes the whole of it. */
const replaced = (input: ConfigInput, settings: ImageSettings): readonly Finding[] => {
  const { config, version } = input;
  if (version.major >= 2 || settings.configPath !== '') return [];
  const id = imageSectionId(config.merged, version);
  const holder = config.files.find(
    (file) => typeof sectionOf(sectionOf(file.plugins, id) ?? {}, 'registry')?.['config_path'] === 'string',
  );
  const thief = config.files.findLast((file) => sectionOf(file.plugins, id) !== undefined);
  if (holder === undefined || thief === undefined || holder === thief) return [];
  const message = `${thief.path} replaces the whole section [plugins.${JSON.stringify(id)}] of ${holder.path}, config_path included`;
  const hint = `Write config_path into ${thief.path} too, or keep the whole section in one file. containerd 2.0 merges them.`;
  const place = placeOfKey(thief.text, ['plugins', id]);
  return [finding('containerd-import-replaces', message, hint, { file: thief.path, ...place })];
};

const disabledCri = ({ config, version, distribution }: ConfigInput): readonly Finding[] => {
  const names = [
    'cri',
    pluginIds.grpc,
    ...(version.major >= 2 ? [pluginIds.images, 'io.containerd.cri.v1.runtime'] : []),
  ];
  const name = config.disabledPlugins.find((plugin) => names.includes(plugin));
  if (name === undefined) return [];
  const file = config.files.find(({ text }) => placeOfKey(text, ['disabled_plugins']) !== undefined);
  const place = file === undefined ? undefined : placeOfKey(file.text, ['disabled_plugins']);
  const message = `disabled_plugins names ${JSON.stringify(name)}, as the configuration in Docker's packages does`;
  const hint = `Write disabled_plugins = [], then: ${distribution.restart}`;
  return [finding('containerd-cri-disabled', message, hint, { file: file?.path ?? config.path, ...place })];
};

const withoutPath = (input: ConfigInput, settings: ImageSettings): Finding | undefined => {
  const { config, version } = input;
  const spot = spotOf(config, imageIds, ['registry', 'config_path']);
  const hint = `Write:\n${setting(input)}`;
  if (settings.mirrors.length > 0) {
    const message = `registry.mirrors of ${settings.mirrors.join(', ')} is used, and config_path is not set`;
    const instead = `Take registry.mirrors out (a hosts.toml for each registry replaces it). ${hint}`;
    return finding('containerd-mirrors-instead', message, instead, spotOf(config, imageIds, ['registry', 'mirrors']));
  }
  if (config.state === 'absent') {
    const message = `there is no ${config.path}: containerd runs with its defaults${settings.effectivePath === '' ? ', and these have no config_path' : ''}`;
    return finding('containerd-config-absent', message, hint, { file: config.path });
  }
  if (settings.effectivePath === '')
    return finding('containerd-config-path-absent', 'config_path is not set', hint, spot);
  if (!settings.transferService) return undefined;
  const message = `config_path is not set, so containerd ${versionNumber(version)} takes ${settings.effectivePath}: for the transfer service that is one directory, which does not exist`;
  return finding('containerd-config-path-default', message, `Write one directory:\n${setting(input)}`, spot);
};

const aboutList = (input: ConfigInput, settings: ImageSettings, spot: Spot): readonly Finding[] => {
  if (settings.directories.length < 2 || settings.mirrors.length > 0) return [];
  const message = `config_path is ${settings.effectivePath}`;
  const hint = `Write one directory:\n${setting(input)}\nor set use_local_image_pull = true in [plugins."${pluginIds.images}"].`;
  if (settings.transferService) {
    const text = `${message}: the transfer service takes it for one directory, which does not exist`;
    return settings.configPath === '' ? [] : [finding('containerd-config-path-list', text, hint, spot)];
  }
  const { localBecause } = settings;
  const modern = localBecause !== undefined && localBecause !== 'use_local_image_pull';
  const text = `${message}: read only because ${localBecause} switches this containerd to local pulls`;
  return modern ? [finding('containerd-config-path-list-local', text, hint, spot)] : [];
};

const trimmed = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);

const aboutPlace = (input: ConfigInput, settings: ImageSettings, spot: Spot): readonly Finding[] => {
  const { certsDir } = input;
  const directories = settings.directories.map(trimmed);
  const change = `Either give handspegel and Spegel that directory (--certs-dir, spegel.containerdRegistryConfigPath), or write:\n${setting(input)}`;
  const relative = directories.find((path) => !path.startsWith('/'));
  if (relative !== undefined) {
    const message = `config_path is ${relative}, which is no absolute path`;
    return [finding('containerd-config-path-relative', message, `Write:\n${setting(input)}`, spot)];
  }
  if (directories.length > 0 && !directories.includes(certsDir)) {
    const message = `containerd reads ${settings.effectivePath}, and ${certsDir} is managed`;
    return [finding('containerd-config-path-differs', message, change, spot)];
  }
  if (directories.indexOf(certsDir) > 0 && !settings.transferService) {
    const message = `${directories[0]} stands before ${certsDir} in config_path`;
    return [finding('containerd-config-path-second', message, `Write one directory:\n${setting(input)}`, spot)];
  }
  return [];
};

const conflicts = (input: ConfigInput, settings: ImageSettings): readonly Finding[] => {
  const { config, version } = input;
  const findings: Finding[] = [];
  // 2.2.0 and 2.2.1 have config_path in their defaults, so that mirrors alone are a conflict there.
  const conflict = settings.mirrors.length > 0 && settings.effectivePath !== '';
  if (conflict) {
    const message = `registry.mirrors (${settings.mirrors.join(', ')}) and config_path (${settings.effectivePath}) are both set: the CRI plugin does not load`;
    const hint = `Take every [….registry.mirrors] table out, then: ${input.distribution.restart}`;
    findings.push(
      finding('containerd-mirrors-and-config-path', message, hint, spotOf(config, imageIds, ['registry', 'mirrors'])),
    );
  }
  if (version.major < 2 && settings.tls.length > 0 && settings.configPath !== '') {
    const message = `registry.configs of ${settings.tls.join(', ')} has tls, and config_path is set: the CRI plugin does not load`;
    const hint = 'Write ca, client and skip_verify into the hosts.toml of that registry and take tls out here.';
    findings.push(
      finding('containerd-tls-and-config-path', message, hint, spotOf(config, imageIds, ['registry', 'configs'])),
    );
  }
  const registries = [...settings.configs, ...settings.auths];
  if (registries.length > 0) {
    const message = `registry.${settings.configs.length > 0 ? 'configs' : 'auths'} is set for ${registries.join(', ')}`;
    const hint = 'Use imagePullSecrets, a kubelet credential provider, or a header in hosts.toml.';
    findings.push(
      finding(
        'containerd-registry-auth',
        message,
        hint,
        spotOf(config, imageIds, ['registry', settings.configs.length > 0 ? 'configs' : 'auths']),
      ),
    );
  }
  return findings;
};

const remarks = (input: ConfigInput, settings: ImageSettings): readonly Finding[] => {
  const { config, version, distribution } = input;
  const findings: Finding[] = [];
  const transfer = sectionOf(config.merged.plugins, pluginIds.transfer)?.['config_path'];
  if (typeof transfer === 'string' && transfer !== '') {
    const spot = spotOf(config, [pluginIds.transfer], ['config_path']);
    const message = `config_path = ${JSON.stringify(transfer)} in [plugins."${pluginIds.transfer}"] is never used`;
    findings.push(finding('containerd-transfer-config-path', message, `Write:\n${setting(input)}`, spot));
  }
  if (settings.discardUnpackedLayers) {
    const spot = [[], ['containerd']]
      .map((part) => spotOf(config, imageIds, [...part, 'discard_unpacked_layers']))
      .find(({ line }) => line !== undefined);
    const flips =
      compareVersions(version, { major: 2, minor: 1, patch: 0, text: '' }) >= 0 && settings.directories.length > 1;
    const also = flips
      ? ' Write one directory into config_path at the same time: without it the transfer service pulls, and takes a list for one name.'
      : '';
    const message = 'discard_unpacked_layers = true';
    const hint = `Set discard_unpacked_layers = false. ${distribution.mend} Then: ${distribution.restart}.${also}`;
    findings.push(finding('containerd-discard-unpacked-layers', message, hint, spot ?? { file: config.path }));
  }
  return findings;
};

/** What containerd's own configuration does to mirrors (containerd-hosts.md 4.2 and 4.3). */
export const configFindings = (input: ConfigInput): readonly Finding[] => {
  const { config, version } = input;
  const faults = config.faults.map(({ kind, message, ...place }) => {
    const [code, hint] = faultCodes[kind];
    return finding(code, message, hint, place);
  });
  // A file that cannot be read, or that stops containerd, leaves nothing to say about the rest.
  if (config.state === 'fails') return [...faults, ...disabledCri(input)];
  const settings = imageSettings(config, version);
  const spot = spotOf(config, imageIds, ['registry', 'config_path']);
  const explained = [...unreadSections(input, settings), ...replaced(input, settings)];
  const absent = settings.configPath === '' && explained.length === 0 ? withoutPath(input, settings) : undefined;
  const conflict = conflicts(input, settings);
  return [
    ...disabledCri(input),
    ...explained,
    ...(absent === undefined || conflict.some(({ severity }) => severity === 'error') ? [] : [absent]),
    ...aboutList(input, settings, spot),
    ...aboutPlace(input, settings, spot),
    ...conflict,
    ...remarks(input, settings),
  ];
};
