import { type ContainerdVersion, versionNumber } from './core/containerd/containerd-version.ts';
import type { CertificateReader } from './core/containerd/hosts-certificates.ts';
import type { HostsFile } from './core/containerd/hosts-file.ts';
import { parseLenient } from './core/containerd/hosts-lenient.ts';
import { type Judgement, judgeHostsFile } from './core/containerd/judge.ts';
import type { Tools } from './core/tools.ts';
import { keyPairError, readAuthorities } from './io/certificates.ts';
import { sha256 } from './io/disk/hash.ts';

/** Certificates as this machine's own library reads them. */
export const certificates: CertificateReader = { authorities: readAuthorities, keyPairError };

/** Bytes of an unchanged file are the same object in every look, so what was found out of them is kept beside them. */
const remember = <T>(make: (bytes: Uint8Array, key: string) => T): ((bytes: Uint8Array, key: string) => T) => {
  const known = new WeakMap<Uint8Array, Map<string, T>>();
  return (bytes, key) => {
    const found = known.get(bytes) ?? new Map<string, T>();
    known.set(bytes, found);
    const old = found.get(key);
    if (old !== undefined) return old;
    const made = make(bytes, key);
    found.set(key, made);
    return made;
  };
};

const besideKey = (beside: ReadonlyMap<string, Uint8Array>, hash: Tools['sha256']): string =>
  [...beside].map(([name, bytes]) => `${name}:${hash(bytes)}`).join('\n');

/** Builds what planning needs: hashing, containerd's rules, and the bytes kept in the state directory. */
export const createTools = (options: { readonly agentVersion: string; readonly object: Tools['object'] }): Tools => {
  const hash = remember((bytes) => sha256(bytes));
  const sum = (bytes: Uint8Array): string => hash(bytes, '');
  const parsed = remember<HostsFile | undefined>((bytes) => parseLenient(bytes));
  const judgements = new WeakMap<Uint8Array, Map<string, Judgement>>();
  const judge = (
    bytes: Uint8Array,
    version: ContainerdVersion | undefined,
    beside: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Judgement => {
    const key = `${version === undefined ? 'any' : versionNumber(version)}\n${besideKey(beside, sum)}`;
    const known = judgements.get(bytes) ?? new Map<string, Judgement>();
    judgements.set(bytes, known);
    const made = known.get(key) ?? judgeHostsFile(bytes, { version, filesBeside: beside, certificates });
    known.set(key, made);
    return made;
  };
  return {
    sha256: sum,
    object: options.object,
    judge,
    parse: (bytes) => parsed(bytes, ''),
    agentVersion: options.agentVersion,
  };
};
