import type { ContainerdVersion } from './containerd-version.ts';
import type { ClientPair, HostSettings, HostsFile } from './hosts-file.ts';
import { hasTopLevel } from './hosts-file.ts';

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

const escapeCharacter = (character: string): string =>
  escapes[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

/** A TOML string in single quotes where TOML allows it, as Spegel writes; else in double quotes with escapes. */
export const printString = (text: string): string =>
  /['\p{Cc}]/u.test(text) ? `"${text.replace(/["\\\p{Cc}]/gu, escapeCharacter)}"` : `'${text}'`;

const printList = (items: readonly string[]): string => `[${items.map(printString).join(', ')}]`;

const printPair = (pair: ClientPair): string => (typeof pair === 'string' ? printString(pair) : printList(pair));

const printKey = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : printString(name));

const printTextOrList = (value: string | readonly string[]): string =>
  typeof value === 'string' ? printString(value) : printList(value);

function* settingLines(settings: HostSettings): Generator<string> {
  const { capabilities, ca, client, skipVerify, overridePath, dialTimeout } = settings;
  if (capabilities !== undefined) yield `capabilities = ${printList(capabilities)}`;
  if (ca !== undefined) yield `ca = ${printTextOrList(ca)}`;
  if (client !== undefined) {
    yield `client = ${typeof client === 'string' ? printString(client) : `[${client.map(printPair).join(', ')}]`}`;
  }
  if (skipVerify !== undefined) yield `skip_verify = ${skipVerify}`;
  if (overridePath) yield 'override_path = true';
  if (dialTimeout !== undefined) yield `dial_timeout = ${printString(dialTimeout)}`;
}

const headerLines = (table: string, settings: HostSettings): readonly string[] =>
  settings.header === undefined || settings.header.length === 0
    ? []
    : [`[${table}]`, ...settings.header.map(({ name, value }) => `${printKey(name)} = ${printTextOrList(value)}`)];

/**
 * The text of a `hosts.toml` that every containerd which can express it reads back as `file`: top-level keys first,
 * then one `[host.'…']` table per mirror with its header table directly behind it (2.x lists a host again when another
 * stood between). When there are top-level keys and no host, a bare `[host]` line follows for containerd before 1.7.32,
 * which ignores a file without one; a known newer version needs none. A file that says nothing is 0 bytes.
 */
export const printHostsFile = (
  file: HostsFile,
  options: { readonly version: ContainerdVersion | undefined },
): string => {
  const top = [...settingLines(file.top)];
  if (file.server !== undefined) top.unshift(`server = ${printString(file.server)}`);
  const blocks = [top, headerLines('header', file.top)];
  for (const host of file.hosts) {
    const table = `host.${printString(host.url)}`;
    blocks.push([`[${table}]`, ...settingLines(host), ...headerLines(`${table}.header`, host)]);
  }
  if (file.hosts.length === 0 && hasTopLevel(file) && needsBareHost(options.version)) blocks.push(['[host]']);
  const text = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  return text === '' ? '' : `${text}\n`;
};

const needsBareHost = (version: ContainerdVersion | undefined): boolean =>
  version === undefined ||
  version.major < 1 ||
  (version.major === 1 && (version.minor < 7 || (version.minor === 7 && version.patch < 32)));
