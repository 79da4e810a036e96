import type { LookupEntry, LookupTree } from '../containerd/lookup-tree.ts';
import type { Seen, Tree } from '../tree.ts';
import type { CertsFacts } from './doctor-facts.ts';

/** One registry directory, or what stands in its place. */
export type RegistryEntry = {
  readonly name: string;
  readonly seen: Seen;
  /** Names in it, one level. */
  readonly files: ReadonlyMap<string, Seen>;
};

/** The top level of certs.d, each with what lies directly in it. */
export const registriesOf = (tree: Tree): readonly RegistryEntry[] => {
  const registries: RegistryEntry[] = [];
  const inside = new Map<string, Map<string, Seen>>();
  for (const [path, seen] of tree.entries) {
    const [name = '', file, deeper] = path.split('/');
    if (file === undefined) {
      const files = new Map<string, Seen>();
      inside.set(name, files);
      registries.push({ name, seen, files });
    } else if (deeper === undefined) {
      inside.get(name)?.set(file, seen);
    }
  }
  return registries;
};

const entryOf = (seen: Seen): LookupEntry | undefined => {
  switch (seen.kind) {
    case 'file':
      return { kind: 'file', bytes: seen.bytes };
    case 'directory':
      return { kind: 'directory' };
    case 'symlink':
      return { kind: 'symlink', target: seen.target };
    case 'unreadable':
      return undefined;
    default:
      return seen satisfies never;
  }
};

/** The same tree as containerd's lookup wants it; what cannot be read is left out. */
export const lookupTreeOf = ({ root, outside }: CertsFacts, tree: Tree): LookupTree => ({
  root,
  rootState: tree.root === 'directory' ? 'directory' : tree.root === 'absent' ? 'absent' : 'file',
  entries: new Map(
    [...tree.entries].flatMap(([path, seen]) => {
      const entry = entryOf(seen);
      return entry === undefined ? [] : [[path, entry] as const];
    }),
  ),
  outside,
});

/** Bytes of the files beside a hosts.toml, links followed. */
export const filesBeside = (
  registry: RegistryEntry,
  read: (name: string) => Uint8Array | undefined,
): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...registry.files.keys()].flatMap((name) => {
      const bytes = name === 'hosts.toml' ? undefined : read(name);
      return bytes === undefined ? [] : [[name, bytes] as const];
    }),
  );
