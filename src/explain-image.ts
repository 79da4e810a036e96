import { lstatSync, readFileSync } from 'node:fs';
import {
  type ContainerdVersion,
  modelledVersions,
  parseContainerdVersion,
} from './core/containerd/containerd-version.ts';
import { type Explanation, explain } from './core/containerd/explain.ts';
import type { LookupEntry, LookupTree } from './core/containerd/lookup-tree.ts';
import type { Tree } from './core/tree.ts';
import { readTree } from './io/read-tree.ts';
import type { Node } from './node.ts';
import { certificates } from './tools.ts';

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(String(error.code));

/** Files that a hosts.toml names outside of certs.d, as containerd would open them. */
const outside = (path: string): Exclude<LookupEntry, { kind: 'symlink' }> | undefined => {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() ? { kind: 'directory' } : { kind: 'file', bytes: readFileSync(path) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

/** The look at certs.d as containerd's model reads it; what cannot be read has no permission. */
const lookupTree = (root: string, tree: Tree): LookupTree => {
  const entries = new Map<string, LookupEntry>();
  for (const [path, seen] of tree.entries) {
    if (seen.kind === 'file') entries.set(path, { kind: 'file', bytes: seen.bytes });
    else if (seen.kind === 'symlink') entries.set(path, { kind: 'symlink', target: seen.target });
    else entries.set(path, { kind: 'directory' });
  }
  const rootState = tree.root === 'absent' ? 'absent' : tree.root === 'directory' ? 'directory' : 'file';
  return { root, rootState, entries, outside };
};

/**
 * Where a pull of an image goes on this node, from what lies on disk now. `version` is the node's own where it is known,
 * else the newest that is modelled.
 */
export const explainImage = (
  node: Pick<Node, 'facts' | 'certsDir' | 'configuration'>,
  image: string,
  version: ContainerdVersion | undefined = parseContainerdVersion(node.facts().containerdVersion ?? ''),
): Explanation | { readonly error: string } => {
  const facts = node.facts();
  const { nodeAddresses, controlPlane } = facts;
  const wanted = version ?? modelledVersions.at(-1);
  if (wanted === undefined) throw new Error('no containerd version is modelled');
  const tree = lookupTree(node.certsDir, readTree(node.certsDir));
  const ports = node.configuration.desired(facts)?.ports ?? { host: 30020, node: 30021 };
  return explain(image, { tree, version: wanted, certificates, known: { nodeAddresses, controlPlane, ports } });
};
