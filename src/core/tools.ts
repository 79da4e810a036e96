import type { ContainerdVersion } from './containerd/containerd-version.ts';
import type { HostsFile } from './containerd/hosts-file.ts';
import type { Judgement } from './containerd/judge.ts';
import type { Sha256 } from './marker.ts';

/** What planning needs from outside: hashing, stored bytes, and containerd's rules with certificates read for real. */
export type Tools = {
  readonly sha256: Sha256;
  /** Bytes kept in the state directory; `undefined` when they are lost. */
  readonly object: (sha256: string) => Uint8Array | undefined;
  /** Judges a hosts.toml; `beside` are the other files of its directory. Remembers what it judged. */
  readonly judge: (
    bytes: Uint8Array,
    version: ContainerdVersion | undefined,
    beside?: ReadonlyMap<string, Uint8Array>,
  ) => Judgement;
  /** Reads also a file that names a host twice. */
  readonly parse: (bytes: Uint8Array) => HostsFile | undefined;
  readonly agentVersion: string;
};
