import type { CertsDirChoice } from '../config/settings-certs-dir.ts';
import type { LoadedConfig } from '../containerd/containerd-config.ts';
import type { ContainerdVersion } from '../containerd/containerd-version.ts';
import type { CertificateReader } from '../containerd/hosts-certificates.ts';
import type { LookupEntry } from '../containerd/lookup-tree.ts';
import type { Problem } from '../problem.ts';
import type { Tree } from '../tree.ts';
import type { Distribution } from './distributions.ts';

export type KnownVersion = {
  readonly version: ContainerdVersion;
  readonly source: '--containerd-version' | 'socket' | 'Node object' | 'binary';
};

/** What can be seen of the running containerd without asking it. Times in milliseconds since 1970. */
export type DaemonFacts = {
  readonly version: KnownVersion | undefined;
  readonly binary:
    | { readonly path: string; readonly version: string | undefined; readonly changedAt: number }
    | undefined;
  /** ctime of the socket: containerd makes it anew at each start. */
  readonly socket: { readonly path: string; readonly since: number } | undefined;
  /** Where a socket was looked for. */
  readonly sockets: readonly string[];
  /** Only with `--socket`: why it gave no answer. */
  readonly silent: string | undefined;
};

export type ProbedMirror = {
  /** As written in the file. */
  readonly url: string;
  /** Where it is named, e.g. `_default/hosts.toml`. */
  readonly files: readonly string[];
  readonly kind: 'up' | 'refused' | 'erroring' | 'timeout' | 'hung' | 'wrong';
  readonly status?: number;
  readonly latencyMs: number;
  readonly detail: string;
  /** How the image that `--image` names came through it, when its file is the one for that image. */
  readonly reading?: { readonly kind: 'whole' | 'missing' | 'stalls' | 'broken'; readonly detail: string };
};

export type SelinuxFacts = {
  readonly enforcing: boolean;
  /** Type of this process, e.g. `spc_t`. */
  readonly own: string | undefined;
  /** Path -> type of its label, as far as it could be read. */
  readonly labels: ReadonlyMap<string, string>;
};

/** How certs.d is judged: with modes and owners on a node, without them in a checkout. */
export type CertsFacts = {
  /** As it is called in findings. */
  readonly root: string;
  readonly look: { readonly tree: Tree } | { readonly unreadable: string };
  /** What lies outside certs.d, where links and `ca` lead to. */
  readonly outside: (path: string) => Exclude<LookupEntry, { kind: 'symlink' }> | undefined;
  readonly certificates: CertificateReader;
  readonly version: ContainerdVersion | undefined;
  readonly rights: boolean;
};

/** Everything that `doctor` judges; read by io, judged by pure functions. */
export type DoctorFacts = {
  readonly runtime: string | undefined;
  readonly distribution: Distribution;
  readonly daemon: DaemonFacts;
  readonly config: LoadedConfig;
  /** The version by whose rules the configuration was read. */
  readonly version: ContainerdVersion;
  readonly certsDir: CertsDirChoice;
  readonly certs: CertsFacts;
  /** Why nothing can be renamed into certs.d. */
  readonly mount: string | undefined;
  readonly mirrors: readonly ProbedMirror[];
  readonly selinux: SelinuxFacts;
  /** A time for people. */
  readonly time: (milliseconds: number) => string;
  /** Errors of handspegel's own configuration. */
  readonly problems: readonly Problem[];
};
