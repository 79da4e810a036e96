import type { Problem } from '../problem.ts';
import type { ContainerdRules, ContainerdVersion } from './containerd-version.ts';
import { modelledVersions, rulesOf, versionNumber } from './containerd-version.ts';
import { splitHostPort } from './host-address.ts';
import type { HostConfig, HostsReading } from './hosts.ts';
import { readHosts } from './hosts.ts';
import type { CertificateReader } from './hosts-certificates.ts';
import { entryOf, fileOf } from './hosts-entry.ts';
import { emptyHostsFile, type HostEntry, type HostsFile } from './hosts-file.ts';
import type { HostsProblemCode } from './hosts-problems.ts';
import { certificateFindings, unknownDirectory } from './judge-certificates.ts';
import { triesHttpsFirst } from './lookup.ts';
import { byteString, byteStringToText } from './toml/bytes.ts';
import { parseToml } from './toml/standard.ts';

/**
 * - `ok`: containerd does what the file says.
 * - `ignored`: it uses the upstream instead, with an error in its log or without a word.
 * - `breaks-pulls`: every pull of that registry fails, upstream included.
 * - `deadly`: containerd itself dies at the next pull.
 */
export type Verdict = 'ok' | 'ignored' | 'breaks-pulls' | 'deadly';

export type JudgedProblem = Problem & {
  /** The containerd versions it holds for, e.g. `['1.6.36', '1.7.35']`. */
  readonly versions: readonly string[];
};

/** One entry as containerd would ask it, with what was written. */
export type ParsedHost = HostEntry & {
  readonly scheme: string;
  /** Host and port as in a URL. */
  readonly host: string;
  /** Name or address alone, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly path: string;
  /** In effect, not as written: no `capabilities` means all that this version knows. */
  readonly effectiveCapabilities: readonly string[];
  /** In milliseconds, as far as this version knows the key. */
  readonly dialTimeoutMs?: number;
  /** HTTPS is tried first although the URL says `http://`. */
  readonly httpsFirst: boolean;
};

export type Judgement = {
  readonly verdict: Verdict;
  readonly problems: readonly JudgedProblem[];
  /** In effective order; for an unknown version, as the newest one that reads the file. Empty if none does. */
  readonly hosts: readonly ParsedHost[];
  /** The top-level entry behind them, if the file names a `server`. */
  readonly server?: ParsedHost;
  /** What the file says, to edit and print again. */
  readonly file?: HostsFile;
};

export type JudgeOptions = {
  /** Unknown: the worst of all modelled versions counts. */
  readonly version: ContainerdVersion | undefined;
  /** The other files of the registry directory, by name relative to it. */
  readonly filesBeside: ReadonlyMap<string, Uint8Array>;
  /** Without it, certificates are looked for but not looked into. */
  readonly certificates?: CertificateReader;
  /** Files outside the directory; without it they are only warned about. */
  readonly readOutside?: (path: string) => Uint8Array | undefined;
  /** Where the registry directory lies, for absolute paths into it. */
  readonly directory?: string;
};

const verdicts: readonly Verdict[] = ['ok', 'ignored', 'breaks-pulls', 'deadly'];

const worse = (a: Verdict, b: Verdict): Verdict => (verdicts.indexOf(a) >= verdicts.indexOf(b) ? a : b);

type Finding = Omit<JudgedProblem, 'versions'> & { readonly verdict: Verdict };

/** Nothing but blanks and comments: that containerd may not read it does no harm. */
const saysNothing = (bytes: Uint8Array): boolean =>
  byteString(bytes)
    .split('\n')
    .every((line) => /^[ \t]*(?:#.*)?\r?$/s.test(line));

const hints = {
  ignored: 'Correct the file: until then containerd behaves as if it held no hosts.',
  deadly: 'Take this line out at once: the next pull from this registry ends containerd.',
  notListed: 'Write each host as a table of its own: [host."URL"].',
  twice: 'Put all tables of one host directly behind each other.',
  random: 'Write each host as a table of its own: [host."URL"].',
  unusable: 'Write the URL as scheme://host:port.',
  httpsFirst: 'Take skip_verify, ca and client out of http:// hosts, or write https://.',
  dialTimeoutFirst: 'containerd 2.0.7 and later 2.0.x take dial_timeout for a TLS setting; it does little harm.',
} as const;

/** What to do about a reason, where more can be said than "correct it". */
const advice: readonly (readonly [RegExp, string])[] = [
  [/no \[host\] table/, 'Add a bare [host] as the last line: containerd before 1.7.32 ignores a file without it.'],
  [/table name cannot contain/, 'containerd 1.x reads no IPv6 address in a table name: leave such hosts out for it.'],
  [/exists already|already defined/, 'Name each host and each key once.'],
  [/unknown capability/, 'The capabilities are pull, resolve and push; referrers since 2.2.'],
  [/invalid duration/, "Write a duration with its unit, such as '200ms' or '1s'."],
  [/unable to parse server/, 'Write the URL as scheme://host:port, an IPv6 address in brackets.'],
  [/needs? quotes/, 'Put text in quotes.'],
];

const adviceFor = (reason: string): string | undefined => advice.find(([pattern]) => pattern.test(reason))?.[1];

const place = ({ line, column }: { readonly line: number; readonly column: number }) => ({ line, column });

const ofReading = (reading: Exclude<HostsReading, { kind: 'read' }>): Finding =>
  reading.kind === 'panic'
    ? {
        code: 'hosts-deadly',
        severity: 'error',
        verdict: 'deadly',
        message: `containerd dies here: ${reading.reason}`,
        hint: hints.deadly,
        ...place(reading),
      }
    : {
        code: 'hosts-ignored',
        severity: 'error',
        verdict: 'ignored',
        message: `containerd ignores this file: ${reading.reason}`,
        hint: adviceFor(reading.reason) ?? hints.ignored,
        ...place(reading),
      };

const warning = (code: HostsProblemCode, message: string, hint: string): Finding => ({
  code,
  severity: 'warning',
  verdict: 'ok',
  message,
  hint,
});

type Read = Extract<HostsReading, { kind: 'read' }>;

const listingFindings = ({ hosts, written, stable }: Read): readonly Finding[] => {
  const findings: Finding[] = [];
  const listed = hosts.map(({ url }) => url);
  for (const url of written.keys()) {
    if (listed.includes(url)) continue;
    const message = `containerd does not see the host ${url}: it is no table of its own`;
    findings.push({ code: 'hosts-not-listed', severity: 'error', verdict: 'ignored', message, hint: hints.notListed });
  }
  for (const url of new Set(listed.filter((name, index) => listed.indexOf(name) !== index))) {
    findings.push(warning('hosts-listed-twice', `containerd asks ${url} twice`, hints.twice));
  }
  if (!stable) {
    findings.push(warning('hosts-order-random', 'the hosts are asked in another order at each pull', hints.random));
  }
  return findings;
};

const hostFindings = (host: HostConfig, rules: ContainerdRules): readonly Finding[] => {
  if (host.target.host === '') {
    return [warning('hosts-url-unusable', `nothing can be asked at ${host.url || 'an empty URL'}`, hints.unusable)];
  }
  if (!triesHttpsFirst(host, rules)) return [];
  const settings = host.ca !== undefined || host.client !== undefined || host.skipVerify !== undefined;
  const hint = settings ? hints.httpsFirst : hints.dialTimeoutFirst;
  return [warning('hosts-https-first', `${host.url} is tried as HTTPS first, then as HTTP`, hint)];
};

const judgeReading = (reading: HostsReading, rules: ContainerdRules, options: JudgeOptions): readonly Finding[] => {
  if (reading.kind !== 'read') return [ofReading(reading)];
  const named = reading.top.url === '' ? reading.hosts : [...reading.hosts, reading.top];
  return [
    ...[...reading.hosts, reading.top].flatMap((host) => certificateFindings(host, options)),
    ...listingFindings(reading),
    ...named.flatMap((host) => hostFindings(host, rules)),
  ];
};

const parsedHost = (config: HostConfig, rules: ContainerdRules): ParsedHost => {
  const { scheme, host, path } = config.target;
  const split = splitHostPort(host);
  const name = split?.host ?? host.replace(/^\[(.*)\]$/, '$1');
  const port = Number(split?.port ?? '') || (scheme === 'http' ? 80 : 443);
  return {
    ...entryOf(config),
    scheme,
    host,
    hostname: name,
    port,
    path,
    effectiveCapabilities: config.capabilities,
    ...(config.dialTimeout === undefined ? {} : { dialTimeoutMs: Number(config.dialTimeout) / 1_000_000 }),
    httpsFirst: triesHttpsFirst(config, rules),
  };
};

/** One problem for all versions that have it in the same place. */
const gathered = (
  found: readonly { readonly finding: Finding; readonly version: string }[],
): readonly JudgedProblem[] => {
  const problems = new Map<string, JudgedProblem>();
  for (const { finding, version } of found) {
    const { verdict: _verdict, ...problem } = finding;
    const key = JSON.stringify(problem);
    const versions = problems.get(key)?.versions ?? [];
    problems.set(key, { ...problem, versions: versions.includes(version) ? versions : [...versions, version] });
  }
  return [...problems.values()].sort((a, b) => Number(a.severity !== 'error') - Number(b.severity !== 'error'));
};

const differsFromToml = (bytes: Uint8Array, versions: readonly string[]): readonly JudgedProblem[] => {
  const reading = parseToml(byteStringToText(byteString(bytes)));
  if (reading.ok) return [];
  const { reason, line, column } = reading;
  const message = `containerd reads this, other TOML readers do not: ${reason}`;
  const hint = 'Write it so that every reader takes it.';
  return [{ code: 'hosts-toml-differs', severity: 'warning', message, hint, line, column, versions }];
};

/**
 * Judges the bytes of one `hosts.toml` by containerd's rules for the given version, or for all modelled ones. Only `ok`
 * may be written. A file without hosts and without top-level keys (0 bytes, white space, comments) is always `ok`.
 */
export const judgeHostsFile = (bytes: Uint8Array, options: JudgeOptions): Judgement => {
  if (saysNothing(bytes)) return { verdict: 'ok', problems: [], hosts: [], file: emptyHostsFile };
  const directory = options.directory ?? unknownDirectory;
  const versions = options.version === undefined ? modelledVersions : [options.version];
  const found: { readonly finding: Finding; readonly version: string }[] = [];
  let best: { readonly reading: Read; readonly rules: ContainerdRules } | undefined;
  for (const version of versions) {
    const rules = rulesOf(version);
    const reading = readHosts(bytes, directory, rules);
    if (reading.kind === 'read') best = { reading, rules };
    for (const finding of judgeReading(reading, rules, options))
      found.push({ finding, version: versionNumber(version) });
  }
  const verdict = found.map(({ finding }) => finding.verdict).reduce(worse, 'ok');
  const problems = gathered(found);
  if (best === undefined) return { verdict, problems, hosts: [] };
  const { reading, rules } = best;
  // The key is kept for an older containerd that does not know it.
  const full = readHosts(bytes, directory, { ...rules, dialTimeout: true });
  const said = full.kind === 'read' ? full : reading;
  return {
    verdict,
    problems: verdict === 'ok' ? [...problems, ...differsFromToml(bytes, versions.map(versionNumber))] : problems,
    hosts: reading.hosts.map((host) => parsedHost(host, rules)),
    ...(reading.top.url === '' ? {} : { server: parsedHost(reading.top, rules) }),
    file: fileOf(said.hosts, said.top),
  };
};
