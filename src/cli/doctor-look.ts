import { type ConfigChoice, chooseMounted, readStored } from '../core/config/config-choice.ts';
import { defaultSettings } from '../core/config/settings.ts';
import { chooseCertsDir } from '../core/config/settings-certs-dir.ts';
import { type LoadedConfig, loadContainerdConfig } from '../core/containerd/containerd-config.ts';
import {
  type ContainerdVersion,
  modelledVersions,
  parseContainerdVersion,
  rulesOf,
} from '../core/containerd/containerd-version.ts';
import { parseImageReference } from '../core/containerd/image-reference.ts';
import { candidateDirectories } from '../core/containerd/lookup.ts';
import { type Distribution, recogniseDistribution } from '../core/doctor/distributions.ts';
import type { CertsFacts, DaemonFacts, DoctorFacts, KnownVersion } from '../core/doctor/doctor-facts.ts';
import { textOf } from '../core/error-text.ts';
import { keyPairError, readAuthorities } from '../io/certificates.ts';
import { readConfigSource } from '../io/config-source.ts';
import { binaryVersion } from '../io/containerd-binary.ts';
import { describeMount } from '../io/describe-mount.ts';
import { createNodeFiles, type NodeFiles } from '../io/node-files.ts';
import { readTree } from '../io/read-tree.ts';
import { readSelinux } from '../io/selinux.ts';
import { stateDirOf } from './open-node.ts';
import { UsageError, type Values } from './options.ts';
import { probeNamed, type ReadThrough } from './probe-named.ts';

const socketTimeoutMs = 3_000;
const mostLabels = 100;

/** What the agent keeps in the state directory; looking never changes it. */
const remembered = (files: NodeFiles, values: Values, name: string): Readonly<Record<string, unknown>> => {
  const read = files.read(`${stateDirOf(values)}/${name}`);
  if (read.kind !== 'text') return {};
  try {
    const value: unknown = JSON.parse(read.text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    // Damaged: the agent says so; here there is only less known.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
};

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const configChoice = (files: NodeFiles, values: Values): ConfigChoice => {
  const stored = readStored(remembered(files, values, 'config.json'));
  const path = values.text('config');
  if (path !== undefined) return chooseMounted(readConfigSource(path), stored);
  // Without --config, what the agent has in force on this node.
  return chooseMounted(stored === undefined ? undefined : { kind: 'text', ...stored }, undefined);
};

const newest = modelledVersions.at(-1) ?? { major: 2, minor: 4, patch: 2, text: '2.4.2' };

/** By the version of its configuration, where nothing tells the version of containerd. */
const assumedVersion = (config: LoadedConfig): ContainerdVersion => {
  const written = config.files[0]?.version ?? 0;
  const branch = written >= 4 ? '2.4.' : written === 3 ? '2.2.' : '1.7.';
  return modelledVersions.find(({ text }) => text.startsWith(branch)) ?? newest;
};

type Daemon = { readonly facts: DaemonFacts; readonly version: ContainerdVersion | undefined };

const lookAtDaemon = async (look: Look, address: string | undefined): Promise<Daemon> => {
  const { files, values, distribution, signal } = look;
  const asked = values.text('socket');
  const sockets =
    asked !== undefined ? [asked] : [...(address === undefined ? [] : [address]), ...distribution.sockets];
  const socket = sockets.find((path) => files.stats(path)?.isSocket() === true);
  const since = socket === undefined ? undefined : files.stats(socket)?.ctimeMs;
  const binaryPath = distribution.binaries.find((path) => files.stats(path)?.isFile() === true);
  const binaryStats = binaryPath === undefined ? undefined : files.stats(binaryPath);
  const printed = binaryPath === undefined ? undefined : await binaryVersion(files.place(binaryPath), signal);
  const answer = asked === undefined ? undefined : await askSocket(files, asked, signal);
  const said: readonly (readonly [KnownVersion['source'], ContainerdVersion | undefined])[] = [
    ['--containerd-version', parseContainerdVersion(values.text('containerd-version') ?? '')],
    ['socket', parseContainerdVersion(answer !== undefined && 'version' in answer ? answer.version : '')],
    ['Node object', parseContainerdVersion(asText(remembered(files, values, 'facts.json')['containerdVersion']) ?? '')],
    ['binary', parseContainerdVersion(printed ?? '')],
  ];
  const [known] = said.flatMap(([source, version]) => (version === undefined ? [] : [{ source, version }]));
  const facts: DaemonFacts = {
    version: known,
    binary:
      binaryPath === undefined || binaryStats === undefined
        ? undefined
        : { path: binaryPath, version: printed, changedAt: Math.max(binaryStats.mtimeMs, binaryStats.ctimeMs) },
    socket: socket === undefined || since === undefined ? undefined : { path: socket, since },
    sockets: [...new Set(sockets)],
    silent: answer !== undefined && 'error' in answer ? `${asked}: ${answer.error}` : undefined,
  };
  return { facts, version: known?.version };
};

const askSocket = async (files: NodeFiles, path: string, signal: AbortSignal) => {
  const { socketVersion } = await import('../io/containerd-socket.ts');
  return socketVersion(files.place(path), socketTimeoutMs, signal);
};

/** certs.d as containerd finds it: modes and owners count. */
const lookAtCerts = (files: NodeFiles, root: string, version: ContainerdVersion | undefined): CertsFacts => {
  const look = ((): CertsFacts['look'] => {
    try {
      return { tree: readTree(files.place(root)) };
    } catch (error) {
      return { unreadable: textOf(error) };
    }
  })();
  const outside: CertsFacts['outside'] = (path) => {
    const read = files.read(path);
    if (read.kind === 'text') return { kind: 'file', bytes: read.bytes };
    return files.stats(path)?.isDirectory() === true ? { kind: 'directory' } : undefined;
  };
  return { root, look, outside, certificates: { authorities: readAuthorities, keyPairError }, version, rights: true };
};

type Look = {
  readonly files: NodeFiles;
  readonly values: Values;
  readonly distribution: Distribution;
  readonly signal: AbortSignal;
};

const readSelinuxOf = (files: NodeFiles, root: string, certs: CertsFacts) => {
  const paths = 'tree' in certs.look ? [...certs.look.tree.entries.keys()].slice(0, mostLabels) : [];
  return readSelinux(
    root,
    [certs.root, ...paths.map((path) => `${certs.root}/${path}`)].map((path) => files.place(path)),
  );
};

const contentOf = (files: NodeFiles, path: string): string => {
  const read = files.read(path);
  return read.kind === 'text' ? read.text : '';
};

/** The image of `--image`, and the file that containerd would take its mirrors from. */
const readThrough = (values: Values, certs: CertsFacts, version: ContainerdVersion): ReadThrough | undefined => {
  const text = values.text('image');
  if (text === undefined) return undefined;
  const parsed = parseImageReference(text);
  if (!parsed.ok) throw new UsageError(`--image ${text}: ${parsed.error}`);
  const { image } = parsed;
  const candidates = candidateDirectories(image.namespace, rulesOf(version));
  const entries = 'tree' in certs.look ? certs.look.tree.entries : undefined;
  const directory = candidates.find((one) => entries?.has(one) === true);
  return directory === undefined ? undefined : { image, file: `${directory}/hosts.toml` };
};

/** Reads everything that `doctor` judges from this node, or from one whose file system is mounted at `--root`. */
export const lookAtNode = async (values: Values, signal: AbortSignal): Promise<DoctorFacts> => {
  const root = values.text('root') ?? '/';
  const files = createNodeFiles(root);
  const distribution = recogniseDistribution(
    files.exists,
    contentOf(files, '/etc/os-release') || contentOf(files, '/usr/lib/os-release'),
  );
  const choice = configChoice(files, values);
  const certsDir = chooseCertsDir({
    flag: values.text('certs-dir'),
    preset: choice.config?.settings.certsDir.preset,
    helmValues: choice.config?.chart.containerdRegistryConfigPath,
  });
  const [first = '/etc/containerd/config.toml'] = distribution.configs;
  const configPath = values.text('containerd-config') ?? distribution.configs.find(files.exists) ?? first;
  const draft = loadContainerdConfig(configPath, files, newest);
  const daemon = await lookAtDaemon({ files, values, distribution, signal }, draft.address);
  const version = daemon.version ?? assumedVersion(draft);
  const certs = lookAtCerts(files, certsDir.path, daemon.version);
  const timeoutMs = (choice.config?.settings ?? defaultSettings).probe.timeout;
  return {
    runtime: values.text('runtime') ?? asText(remembered(files, values, 'facts.json')['runtime']),
    distribution,
    daemon: daemon.facts,
    config: loadContainerdConfig(configPath, files, version),
    version,
    certsDir,
    certs,
    mount: root === '/' ? describeMount(certsDir.path) : undefined,
    mirrors: values.on('offline')
      ? []
      : await probeNamed(certs, { timeoutMs, signal, through: readThrough(values, certs, version) }),
    selinux: readSelinuxOf(files, root === '/' ? '' : root, certs),
    time: (milliseconds) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`,
    problems: choice.problems,
  };
};
