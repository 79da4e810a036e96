import { chooseCertsDir } from '../../../src/core/config/settings-certs-dir.ts';
import { loadContainerdConfig } from '../../../src/core/containerd/containerd-config.ts';
import { type ContainerdVersion, parseContainerdVersion } from '../../../src/core/containerd/containerd-version.ts';
import { distributions, plainDistribution } from '../../../src/core/doctor/distributions.ts';
import type { DoctorFacts, ProbedMirror, SelinuxFacts } from '../../../src/core/doctor/doctor-facts.ts';
import type { Problem } from '../../../src/core/problem.ts';
import type { Seen, Tree } from '../../../src/core/tree.ts';

const id = { ino: '1', mtime: '0', ctime: '0', size: 1 };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const good = "[host.'http://10.0.0.5:30020']\ncapabilities = ['pull', 'resolve']\ndial_timeout = '200ms'\n";

/** One entry of certs.d: text is a file, `/` a directory, `-> x` a link, `!why` unreadable; or all of it by hand. */
export type Entry = string | Partial<Seen & { readonly text: string }>;

const seenOf = (entry: Entry): Seen => {
  const root = { uid: 0, gid: 0, id };
  if (typeof entry !== 'string') {
    const { text = good, ...rest } = entry;
    return { kind: 'file', mode: 0o644, ...root, bytes: bytesOf(text), ...rest } as Seen;
  }
  if (entry === '/') return { kind: 'directory', mode: 0o755, ...root };
  if (entry.startsWith('-> ')) return { kind: 'symlink', mode: 0o777, ...root, target: entry.slice(3) };
  if (entry.startsWith('!')) return { kind: 'unreadable', mode: 0o600, ...root, why: entry.slice(1) };
  return { kind: 'file', mode: 0o644, ...root, bytes: bytesOf(entry) };
};

export const treeOf = (files: Readonly<Record<string, Entry>>): Tree => {
  const entries = new Map<string, Seen>();
  for (const path of Object.keys(files).toSorted()) {
    const parent = path.split('/').slice(0, -1).join('/');
    if (parent !== '' && !entries.has(parent)) entries.set(parent, seenOf('/'));
    entries.set(path, seenOf(files[path] ?? '/'));
  }
  return { root: 'directory', rootId: '1:1', entries, backup: undefined };
};

/** A healthy node; each case says what differs. */
export type Given = {
  readonly version?: string | null;
  readonly source?: '--containerd-version' | 'socket' | 'Node object' | 'binary';
  readonly config?: string | null;
  readonly imports?: Readonly<Record<string, string>>;
  readonly unreadable?: boolean;
  readonly tree?: Readonly<Record<string, Entry>>;
  readonly root?: Tree['root'];
  readonly look?: string;
  readonly outside?: Readonly<Record<string, string>>;
  readonly mirrors?: readonly Partial<ProbedMirror>[];
  readonly runtime?: string;
  readonly distribution?: string;
  readonly certsDir?: Parameters<typeof chooseCertsDir>[0];
  readonly socketSince?: number | null;
  readonly binary?: { readonly version?: string; readonly changedAt?: number };
  readonly silent?: string;
  readonly selinux?: Partial<SelinuxFacts>;
  readonly mount?: string;
  readonly problems?: readonly Problem[];
};

export const v2 = (more: string, registry = 'config_path = "/etc/containerd/certs.d"'): string =>
  `version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n${registry}\n${more}`;
export const v3 = (images: string, registry = 'config_path = "/etc/containerd/certs.d"'): string =>
  `version = 3\n[plugins."io.containerd.cri.v1.images"]\n${images}\n[plugins."io.containerd.cri.v1.images".registry]\n${registry}\n`;

const changedAt = 1_000;
const fallback: ContainerdVersion = { major: 2, minor: 2, patch: 9, text: '2.2.9' };

export const factsOf = (given: Given): DoctorFacts => {
  const version = given.version === null ? undefined : parseContainerdVersion(given.version ?? '2.2.9');
  const path = '/etc/containerd/config.toml';
  const files: Readonly<Record<string, string>> = {
    ...(given.config === null ? {} : { [path]: given.config ?? v3('') }),
    ...given.imports,
  };
  const reader = {
    read: (name: string) => {
      if (given.unreadable === true) return { kind: 'unreadable' as const, why: 'EACCES: permission denied' };
      const text = files[name];
      return text === undefined ? { kind: 'absent' as const } : { kind: 'text' as const, text, changedAt };
    },
    glob: (pattern: string) =>
      Object.keys(files).filter((name) => name.startsWith(pattern.split('*')[0] ?? '') && name !== path),
  };
  const tree = { ...treeOf(given.tree ?? { '_default/hosts.toml': good }), root: given.root ?? ('directory' as const) };
  const distribution = distributions.find(({ name }) => name === given.distribution) ?? plainDistribution;
  const certsDir = chooseCertsDir(given.certsDir ?? {});
  return {
    runtime: given.runtime,
    distribution,
    daemon: {
      version: version === undefined ? undefined : { version, source: given.source ?? 'binary' },
      binary: { path: '/usr/bin/containerd', version: given.binary?.version, changedAt: given.binary?.changedAt ?? 0 },
      socket:
        given.socketSince === null
          ? undefined
          : { path: '/run/containerd/containerd.sock', since: given.socketSince ?? 2_000 },
      sockets: ['/run/containerd/containerd.sock'],
      silent: given.silent,
    },
    config: loadContainerdConfig(path, reader, version ?? fallback),
    version: version ?? fallback,
    certsDir,
    certs: {
      root: certsDir.path,
      look: given.look === undefined ? { tree } : { unreadable: given.look },
      outside: (name) => {
        const text = given.outside?.[name];
        return text === undefined ? undefined : { kind: 'file', bytes: bytesOf(text) };
      },
      certificates: {
        authorities: (pem) => (new TextDecoder().decode(pem).includes('CERT') ? ['one'] : []),
        keyPairError: (_certificate, key) =>
          new TextDecoder().decode(key).includes('KEY') ? undefined : 'tls: no key',
      },
      version,
      rights: true,
    },
    mount: given.mount,
    mirrors: (given.mirrors ?? []).map((mirror) => ({
      url: 'http://10.0.0.5:30020',
      files: ['_default/hosts.toml'],
      kind: 'up',
      latencyMs: 1,
      detail: '',
      ...mirror,
    })),
    selinux: { enforcing: false, own: undefined, labels: new Map(), ...given.selinux },
    time: (milliseconds) => new Date(milliseconds).toISOString(),
    problems: given.problems ?? [],
  };
};
