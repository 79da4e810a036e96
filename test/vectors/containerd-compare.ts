import { isDeepStrictEqual } from 'node:util';
import { parseContainerdVersion } from '../../src/core/containerd/containerd-version.ts';
import { formatGoDuration } from '../../src/core/containerd/hosts-duration.ts';
import { type LookupResult, lookup, type ResolvedHost } from '../../src/core/containerd/lookup.ts';
import type { LookupEntry, LookupTree } from '../../src/core/containerd/lookup-tree.ts';
import { keyPairError, readAuthorities } from '../../src/io/certificates.ts';

/** A file of containerd vectors: what real versions did with a tree. */
export type VectorFile = {
  readonly source: { readonly versions: Readonly<Record<string, unknown>> };
  readonly fixtures: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
};

type FileContent = string | { readonly base64: string } | { readonly fixture: string };

export type Case = {
  readonly name: string;
  readonly registry: string;
  readonly files?: Readonly<Record<string, FileContent>>;
  readonly dirs?: readonly string[];
  readonly symlinks?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, string>>;
  readonly root?: 'absent' | 'file';
  readonly results: Readonly<Record<string, Result>>;
};

type Result = { readonly same_as: string } | { readonly one_of: readonly Seen[] } | Seen;

type Seen = {
  readonly dir: string | null;
  readonly ignored?: true;
  readonly error?: string;
  readonly panic?: unknown;
  readonly hosts?: readonly unknown[];
};

export const measures = ['directory', 'hosts', 'raised', 'text'] as const;
export type Measure = (typeof measures)[number];

/** `undefined`: the case has nothing to measure there. */
export type Compared = Readonly<Record<Measure, boolean | undefined>>;

/** Where the tree of a case is said to lie: `<root>` in its texts. */
const root = '/vectors/root';

const bytesOf = (content: FileContent, fixtures: VectorFile['fixtures']): Uint8Array => {
  if (typeof content === 'string') return new TextEncoder().encode(content.replaceAll('<root>', root));
  if ('base64' in content) return Buffer.from(content.base64, 'base64');
  return new TextEncoder().encode((fixtures[content.fixture] ?? '').replaceAll('PRIVATE_KEY', 'PRIVATE KEY'));
};

const treeOf = (test: Case, fixtures: VectorFile['fixtures']): LookupTree => {
  const entries = new Map<string, LookupEntry>();
  const mode = (path: string): { mode?: number } => {
    const text = test.modes?.[path];
    return text === undefined ? {} : { mode: Number.parseInt(text, 8) };
  };
  for (const path of test.dirs ?? []) entries.set(path, { kind: 'directory', ...mode(path) });
  for (const [path, content] of Object.entries(test.files ?? {})) {
    entries.set(path, { kind: 'file', bytes: bytesOf(content, fixtures), ...mode(path) });
  }
  for (const [path, target] of Object.entries(test.symlinks ?? {})) {
    entries.set(path, { kind: 'symlink', target: target.replaceAll('<root>', root) });
  }
  for (const path of Object.keys(test.modes ?? {})) {
    if (path !== '.' && !entries.has(path)) entries.set(path, { kind: 'directory', ...mode(path) });
  }
  const rootMode = mode('.').mode;
  return {
    root,
    rootState: test.root ?? 'directory',
    ...(rootMode === undefined ? {} : { rootMode }),
    entries,
    privileged: test.modes === undefined,
    outside: (path) => {
      if (path === '/dev/null') return { kind: 'file', bytes: new Uint8Array() };
      return path === '/dev' ? { kind: 'directory' } : undefined;
    },
  };
};

const hostRecord = (host: ResolvedHost): unknown => ({
  scheme: host.scheme,
  host: host.host,
  path: host.path,
  capabilities: [...host.capabilities].sort(),
  ...(host.header.size > 0 ? { header: Object.fromEntries(host.header) } : {}),
  ...(host.dialTimeout === 30_000_000_000n ? {} : { dial_timeout: formatGoDuration(host.dialTimeout) }),
  ...(host.skipVerify ? { skip_verify: true } : {}),
  ...(host.clientCertificates > 0 ? { client_certs: host.clientCertificates } : {}),
  ...(host.extraAuthorities === undefined ? {} : { root_cas: { extra: host.extraAuthorities } }),
  ...(host.httpFallback ? { http_fallback: true } : {}),
});

const normal = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

export const resultFor = (test: Case, version: string): readonly Seen[] => {
  const result = test.results[version];
  if (result === undefined) return [];
  if ('same_as' in result) return resultFor(test, result.same_as);
  return 'one_of' in result ? result.one_of : [result];
};

const compareOne = (got: LookupResult, seen: Seen): Compared => {
  const text = got.error?.replaceAll(root, '<root>');
  const raised =
    (seen.error !== undefined) === (text !== undefined) && (seen.panic !== undefined) === (got.panic !== undefined);
  const ignored = (seen.ignored ?? false) === (got.ignored !== undefined);
  return {
    directory: seen.dir === (got.directory ?? null),
    hosts:
      seen.hosts === undefined
        ? undefined
        : ignored && isDeepStrictEqual(normal(got.hosts.map(hostRecord)), normal(seen.hosts)),
    raised,
    text: seen.error === undefined ? undefined : seen.error === text,
  };
};

/** Everything right, or as much of it as the best of several possible results allows. */
export const compareCase = (test: Case, versionText: string, vectors: VectorFile): Compared => {
  const version = parseContainerdVersion(versionText);
  if (version === undefined) throw new Error(`no containerd version: ${versionText}`);
  const got = lookup(treeOf(test, vectors.fixtures), test.registry, version, {
    authorities: readAuthorities,
    keyPairError,
  });
  const possible = resultFor(test, versionText).map((seen) => compareOne(got, seen));
  const score = (compared: Compared): number => measures.filter((measure) => compared[measure] !== false).length;
  const [best] = possible.sort((a, b) => score(b) - score(a));
  if (best === undefined) throw new Error(`no result of ${versionText} for ${test.name}`);
  return best;
};
