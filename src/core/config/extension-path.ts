import { hasControl } from './config-json.ts';
import type { ConfigProblemCode } from './config-problems.ts';
import { normaliseAddress } from './context-address.ts';

/** The document's name for certs.d of this node, wherever that lies. */
export const certsDirPrefix = 'templates/root_dir/etc/containerd/certs.d/';

export type PathFinding = { readonly code: ConfigProblemCode; readonly message: string; readonly hint: string };

export type ExtensionPath =
  /** A file below certs.d. */
  | {
      readonly kind: 'file';
      readonly registry: string;
      readonly name: string;
      readonly warnings: readonly PathFinding[];
    }
  /** Somebody else's template; a finding when it was perhaps meant for us. */
  | { readonly kind: 'elsewhere'; readonly warnings: readonly PathFinding[] }
  | { readonly kind: 'refused'; readonly finding: PathFinding };

const example = `${certsDirPrefix}registry.example.com/hosts.toml`;
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

const refuse = (message: string, hint = `Write a path such as ${example}.`): ExtensionPath => ({
  kind: 'refused',
  finding: { code: 'extension-path', message, hint },
});

const reserved: Readonly<Record<string, string>> = {
  _backup: "lies in `_backup/`, which is Spegel's own",
  '.handspegel': 'lies in `.handspegel`, which is our own working directory',
};

/** What is wrong with the part behind the prefix, if anything. */
const fault = (rest: string): string | undefined => {
  if (rest.startsWith('/')) return 'is absolute behind the prefix';
  const segments = rest.split('/');
  if (segments.includes('..')) return 'contains `..`';
  if (segments.includes('.')) return 'contains `.` as a part';
  if (rest === '' || segments.slice(0, -1).includes('')) return 'contains an empty part';
  const long = segments.find((segment) => bytesOf(segment) > 255);
  if (long !== undefined) return `has a part longer than 255 bytes (${long.slice(0, 20)}…)`;
  const known = reserved[segments[0] ?? ''];
  if (known !== undefined) return known;
  if (segments.at(-1) === '') return 'ends in `/` and names no file';
  if (segments.length === 1) return 'names no registry directory: a file directly in certs.d is never read';
  if (segments.length > 2) return 'is deeper than `<registry>/<file>`: containerd reads only that one level';
  return undefined;
};

const unread = (message: string, hint: string): PathFinding => ({ code: 'extension-path-unread', message, hint });
const unusual = (message: string, hint: string): PathFinding => ({ code: 'extension-path-unusual', message, hint });

/** The namespace that a registry directory stands for: `reg_5000_` is the port form of `reg:5000`. */
export const namespaceOf = (registry: string): string => registry.replace(/_([^_]*)_$/, ':$1');

const isNamespace = (registry: string): boolean => {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(namespaceOf(registry));
  if (match === null) return normaliseAddress(registry) !== undefined;
  const [, host = '', port = '1'] = match;
  return Number(port) > 0 && Number(port) < 65_536 && normaliseAddress(host) !== undefined;
};

const hub = "Docker Hub's directory is `docker.io`, whatever its servers are called.";

/** Why containerd would not look into this directory, as far as the name tells. */
const directoryFinding = (registry: string): PathFinding | undefined => {
  const quoted = JSON.stringify(registry);
  if (registry === '_default') return undefined;
  if (/^_*default_*$/i.test(registry)) {
    return unread(`containerd never reads the directory ${quoted}`, 'Did you mean `_default`?');
  }
  if (/^(?:registry-1|index|registry|www|hub)\.docker\.(?:io|com)$/.test(registry)) {
    return unread(`images of Docker Hub are never looked up in ${quoted}`, hub);
  }
  if (registry === 'docker.com') return unread(`images of Docker Hub are never looked up in ${quoted}`, hub);
  if (/^https?:/i.test(registry)) {
    return unread(`the directory ${quoted} starts with a scheme`, 'Name the directory after the host alone.');
  }
  if (!isNamespace(registry)) {
    return unread(
      `${quoted} is no registry that an image name could start with`,
      'Name the directory after the host, with its port as `host:5000` or `host_5000_`.',
    );
  }
  if (/[A-Z]/.test(registry)) {
    return unusual(
      `${quoted} has capital letters; containerd looks for the name exactly as images spell it`,
      'Write the registry as your image names do, which is in lower case almost always.',
    );
  }
  if (/:443$|_443_$/.test(registry)) {
    return unusual(
      `${quoted} is read only for images whose name contains the port 443`,
      `Name the directory ${JSON.stringify(registry.replace(/(?::443|_443_)$/, ''))} for images without it.`,
    );
  }
  if (!/[.:_]/.test(registry) && registry !== 'localhost') {
    return unread(
      `${quoted} has neither a dot nor a port, so images that start with it belong to Docker Hub`,
      'Name the directory after the full host name, or with its port.',
    );
  }
  return undefined;
};

const fileFinding = (name: string): PathFinding | undefined => {
  if (name === 'hosts.toml' || /\.(?:crt|cert|key|pem|ca|cer)$/i.test(name)) return undefined;
  if (/^hosts?\.(?:toml|tml|yaml|yml|conf)(?:\.\w+)?$/i.test(name) || /^hosts?$/i.test(name)) {
    return unread(`containerd never reads a file named ${JSON.stringify(name)}`, 'Did you mean `hosts.toml`?');
  }
  return unusual(
    `${JSON.stringify(name)} is read only if a hosts.toml beside it names it`,
    'Besides hosts.toml a registry directory holds certificates: `*.crt`, `*.cert`, `*.key`.',
  );
};

/** A path that is not below the prefix: is it somebody else's, or was it meant for us? */
const elsewhere = (path: string): ExtensionPath => {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const clean = parts.join('/');
  const at = clean.toLowerCase().indexOf('etc/containerd/certs.d');
  if (at < 0) return { kind: 'elsewhere', warnings: [] };
  const rest = clean.slice(at + 'etc/containerd/certs.d'.length).replace(/^\//, '');
  const hint = `Write ${certsDirPrefix}${rest === '' ? 'registry.example.com/hosts.toml' : rest}.`;
  const crooked = path.startsWith('/') || /(?:^|\/)\.{0,2}\//.test(path) || path.includes('\\');
  if (crooked) return refuse(`the path ${JSON.stringify(path)} leads to certs.d in a way that is refused`, hint);
  const message = `the path ${JSON.stringify(path)} does not start with ${certsDirPrefix}, so nothing is written for it`;
  return { kind: 'elsewhere', warnings: [unread(message, hint)] };
};

/**
 * Where an extension's path leads. Only what starts with the document's prefix is ours; below it only
 * `<registry>/<file>` is accepted. Names that containerd never looks up are accepted with a warning.
 */
export const readExtensionPath = (path: string): ExtensionPath => {
  const quoted = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
  if (hasControl(path)) return refuse(`the path ${quoted} contains a control character`);
  if (!path.startsWith(certsDirPrefix)) return elsewhere(path);
  if (bytesOf(path) > 4096) return refuse('the path is longer than 4096 bytes');
  if (path.includes('\\')) return refuse(`the path ${quoted} contains a backslash`);
  if (!path.isWellFormed()) return refuse(`the path ${quoted} is no valid Unicode`);
  const rest = path.slice(certsDirPrefix.length);
  const wrong = fault(rest);
  if (wrong !== undefined) return refuse(`the path ${quoted} ${wrong}`);
  const [registry = '', name = ''] = rest.split('/');
  const warnings = [directoryFinding(registry), fileFinding(name)].filter((finding) => finding !== undefined);
  return { kind: 'file', registry, name, warnings };
};
