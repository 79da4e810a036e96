import type { ContainerdVersion } from './containerd/containerd-version.ts';
import type { CertificateReader } from './containerd/hosts-certificates.ts';
import { lintHostsFile } from './containerd/lint-hosts.ts';
import { certsFindings } from './doctor/certs-findings.ts';
import { forPeople } from './judged.ts';
import type { Problem } from './problem.ts';
import type { Tree } from './tree.ts';

export type LintTreeOptions = {
  readonly version: ContainerdVersion | undefined;
  readonly certificates: CertificateReader;
};

/** Checks a certs.d tree of a checkout: what one directory hides of another, and each hosts.toml. Modes do not count. */
export const lintTree = (root: string, tree: Tree, options: LintTreeOptions): readonly Problem[] =>
  certsFindings({ root, look: { tree }, outside: () => undefined, rights: false, ...options }).map(
    ({ why: _why, ...problem }) => problem,
  );

/** Checks one hosts.toml with the files beside it. */
export const lintHosts = (
  file: string,
  bytes: Uint8Array,
  filesBeside: ReadonlyMap<string, Uint8Array>,
  options: LintTreeOptions,
): readonly Problem[] =>
  forPeople(lintHostsFile(bytes, { ...options, filesBeside }), options.version).map((problem) => ({
    ...problem,
    file,
  }));
