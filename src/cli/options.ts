import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What a flag is: its variable is HANDSPEGEL_ and its name in capitals. */
export type Flag = {
  readonly name: string;
  readonly kind: 'text' | 'list' | 'switch';
  readonly placeholder?: string;
  readonly help: string;
};

/** Wrong words on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const nodeFlags: readonly Flag[] = [
  {
    name: 'config',
    kind: 'text',
    placeholder: 'FILE',
    help: 'configuration: a YAML file, or a directory as a ConfigMap mount has it',
  },
  {
    name: 'node-ip',
    kind: 'list',
    placeholder: 'ADDR',
    help: "this node's addresses, both families (repeat, or separate by commas)",
  },
  { name: 'control-plane', kind: 'list', placeholder: 'ADDR', help: 'addresses of the control-plane nodes' },
  { name: 'node-name', kind: 'text', placeholder: 'NAME', help: 'name of this node' },
  {
    name: 'runtime',
    kind: 'text',
    placeholder: 'NAME',
    help: 'container runtime: containerd, cri-o, …; unknown counts as containerd',
  },
  {
    name: 'containerd-version',
    kind: 'text',
    placeholder: 'VERSION',
    help: "this node's containerd; unknown: a file must suit all versions",
  },
  {
    name: 'certs-dir',
    kind: 'text',
    placeholder: 'DIR',
    help: "containerd's registry host directory (default /etc/containerd/certs.d)",
  },
  { name: 'state-dir', kind: 'text', placeholder: 'DIR', help: 'what is remembered (default /var/lib/handspegel)' },
  {
    name: 'secrets-dir',
    kind: 'text',
    placeholder: 'DIR',
    help: 'mounted Secrets, one directory each, for templates (.secrets)',
  },
];

export const runFlags: readonly Flag[] = [
  {
    name: 'listen',
    kind: 'text',
    placeholder: 'ADDR:PORT',
    help: "health for kubelet and Prometheus (default: the node's address, 9847)",
  },
  { name: 'admin-listen', kind: 'text', placeholder: 'ADDR:PORT', help: 'status for people (default 127.0.0.1:9848)' },
  { name: 'kubernetes', kind: 'switch', help: 'ask the cluster for this node: runtime, labels, images, control plane' },
  {
    name: 'configmap',
    kind: 'text',
    placeholder: 'NAME',
    help: 'with --kubernetes: the ConfigMap that --config has mounted, to be watched',
  },
  { name: 'namespace', kind: 'text', placeholder: 'NAME', help: 'where that ConfigMap is (default handspegel)' },
  { name: 'pod-uid', kind: 'text', placeholder: 'UID', help: "UID of the agent's pod: whose mount is it?" },
  { name: 'events', kind: 'switch', help: 'with --kubernetes: tell phase changes and errors as Events of the node' },
  {
    name: 'startup-taint',
    kind: 'text',
    placeholder: 'KEY',
    help: 'a taint of this node to take away once the first files stand',
  },
  {
    name: 'api-server',
    kind: 'text',
    placeholder: 'URL',
    help: "the API server's own address, where the Service's is not there yet",
  },
  { name: 'log-level', kind: 'text', placeholder: 'LEVEL', help: 'debug, info, warn or error (default info)' },
];

export const jsonFlag: Flag = { name: 'json', kind: 'switch', help: 'print JSON for programs' };

export type Values = {
  readonly text: (name: string) => string | undefined;
  readonly list: (name: string) => readonly string[];
  readonly on: (name: string) => boolean;
  readonly positionals: readonly string[];
};

/** The value of a flag that is a path on a node, whatever the working directory here. Throws UsageError. */
export const absolutePath = (values: Values, name: string): string | undefined => {
  const path = values.text(name);
  if (path === undefined || path.startsWith('/')) return path;
  throw new UsageError(`--${name} is a path on the node and begins with '/', unlike '${path}'`);
};

export const variableOf = (name: string): string => `HANDSPEGEL_${name.replaceAll('-', '_').toUpperCase()}`;

const commas = (values: readonly string[]): readonly string[] =>
  values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');

const isTrue = (value: string | undefined): boolean => value !== undefined && /^(?:1|true|yes|on)$/i.test(value);

/** Reads the words after the command; a flag wins over its variable. Throws UsageError. */
export const readOptions = (
  args: readonly string[],
  flags: readonly Flag[],
  env: Readonly<Record<string, string | undefined>>,
): Values => {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean', short: 'h' } };
  for (const flag of flags) {
    options[flag.name] =
      flag.kind === 'switch' ? { type: 'boolean' } : { type: 'string', multiple: flag.kind === 'list' };
  }
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    } catch (error) {
      if (error instanceof TypeError)
        throw new UsageError(error.message.replace(/\. To specify a positional argument .*$/s, ''));
      throw error;
    }
  })();
  const values: Readonly<Record<string, unknown>> = parsed.values;
  const variable = (name: string): string | undefined => {
    const value = env[variableOf(name)];
    return value === '' ? undefined : value;
  };
  return {
    text: (name) => {
      const value = values[name];
      return typeof value === 'string' ? value : variable(name);
    },
    list: (name) => {
      const value = values[name];
      if (Array.isArray(value)) return commas(value.map(String));
      const inherited = variable(name);
      return inherited === undefined ? [] : commas([inherited]);
    },
    on: (name) => values[name] === true || (values[name] === undefined && isTrue(variable(name))),
    positionals: parsed.positionals,
  };
};
