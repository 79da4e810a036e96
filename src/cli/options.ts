import { type ParseArgsConfig, parseArgs } from 'node:util';
import { redactText } from '../core/redact.ts';
import { logLevels } from '../io/log.ts';
import {
  addressOrName,
  apiServerUrl,
  containerdVersion,
  type FlagValue,
  listenAddress,
  nodeAddress,
  nodePath,
  objectName,
  oneOf,
  runtimeName,
  taintKey,
} from './flag-values.ts';
import { printable } from './printer.ts';

/** What a flag is: its variable is HANDSPEGEL_ and its name in capitals. */
export type Flag = {
  readonly name: string;
  readonly kind: 'text' | 'list' | 'switch';
  readonly placeholder?: string;
  readonly help: string;
  /** What each value must be; without it any text goes. */
  readonly value?: FlagValue;
};

/** Wrong words on the command line, a line each: exit code 2. */
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
    value: nodeAddress,
  },
  {
    name: 'control-plane',
    kind: 'list',
    placeholder: 'ADDR',
    help: 'addresses of the control-plane nodes',
    value: addressOrName,
  },
  { name: 'node-name', kind: 'text', placeholder: 'NAME', help: 'name of this node' },
  {
    name: 'runtime',
    kind: 'text',
    placeholder: 'NAME',
    help: 'container runtime: containerd, cri-o, …; unknown counts as containerd',
    value: runtimeName,
  },
  {
    name: 'containerd-version',
    kind: 'text',
    placeholder: 'VERSION',
    help: "this node's containerd; unknown: a file must suit all versions",
    value: containerdVersion,
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
    value: listenAddress,
  },
  {
    name: 'admin-listen',
    kind: 'text',
    placeholder: 'ADDR:PORT',
    help: 'status for people (default 127.0.0.1:9848)',
    value: listenAddress,
  },
  { name: 'kubernetes', kind: 'switch', help: 'ask the cluster for this node: runtime, labels, images, control plane' },
  {
    name: 'configmap',
    kind: 'text',
    placeholder: 'NAME',
    help: 'with --kubernetes: the ConfigMap that --config has mounted, to be watched',
    value: objectName,
  },
  {
    name: 'namespace',
    kind: 'text',
    placeholder: 'NAME',
    help: 'where that ConfigMap is (default handspegel)',
    value: objectName,
  },
  { name: 'pod-uid', kind: 'text', placeholder: 'UID', help: "UID of the agent's pod: whose mount is it?" },
  { name: 'events', kind: 'switch', help: 'with --kubernetes: tell phase changes and errors as Events of the node' },
  {
    name: 'startup-taint',
    kind: 'text',
    placeholder: 'KEY',
    help: 'a taint of this node to take away once the first files stand',
    value: taintKey,
  },
  {
    name: 'api-server',
    kind: 'text',
    placeholder: 'URL',
    help: "the API server's own address, where the Service's is not there yet",
    value: apiServerUrl,
  },
  {
    name: 'log-level',
    kind: 'text',
    placeholder: 'LEVEL',
    help: 'debug, info, warn or error (default info)',
    value: oneOf(logLevels),
  },
];

export const jsonFlag: Flag = { name: 'json', kind: 'switch', help: 'print JSON for programs' };

export type Values = {
  readonly text: (name: string) => string | undefined;
  readonly list: (name: string) => readonly string[];
  readonly on: (name: string) => boolean;
  readonly positionals: readonly string[];
};

export const variableOf = (name: string): string => `HANDSPEGEL_${name.replaceAll('-', '_').toUpperCase()}`;

const commas = (values: readonly string[]): readonly string[] =>
  values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');

const isTrue = (value: string | undefined): boolean => value !== undefined && /^(?:1|true|yes|on)$/i.test(value);

/** Those of these flags with other values. */
export const withValue = (flags: readonly Flag[], name: string, value: FlagValue): readonly Flag[] =>
  flags.map((flag) => (flag.name === name ? { ...flag, value } : flag));

/** The same flags, of a node that is not this machine: no path begins at the working directory here. */
export const onNode = (flags: readonly Flag[]): readonly Flag[] =>
  flags.map((flag) => (['certs-dir', 'state-dir'].includes(flag.name) ? { ...flag, value: nodePath } : flag));

/** What is wrong with the values of one flag. */
const problemsOf = ({ name, value }: Flag, given: readonly string[], source: string): readonly string[] =>
  value === undefined
    ? []
    : given
        .filter((text) => !value.fits(text))
        .map(
          (text) =>
            `${source === '' ? `--${name}` : source} takes ${value.takes}, not '${printable(redactText(text))}'`,
        );

/** Reads the words after the command; a flag wins over its variable. Throws UsageError with all that is wrong. */
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
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : variable(name);
  };
  const list = (name: string): readonly string[] => {
    const value = values[name];
    if (Array.isArray(value)) return commas(value.map(String));
    const inherited = variable(name);
    return inherited === undefined ? [] : commas([inherited]);
  };
  const problems = flags.flatMap((flag) => {
    const one = flag.kind === 'text' ? text(flag.name) : undefined;
    const given = flag.kind === 'list' ? list(flag.name) : one === undefined ? [] : [one];
    return problemsOf(flag, given, values[flag.name] === undefined ? variableOf(flag.name) : '');
  });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    text,
    list,
    on: (name) => values[name] === true || (values[name] === undefined && isTrue(variable(name))),
    positionals: parsed.positionals,
  };
};
