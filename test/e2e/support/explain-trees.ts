/** One row: a certs.d, a registry, and which servers a pull of a tag from it must have asked. */
export type Row = {
  readonly what: string;
  /** Path below certs.d to its text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  /** What stands before the last part of the image's name. */
  readonly registry: string;
  /** Not in every way: only CRI completes short names. */
  readonly only?: 'CRI';
  /** CRI of 1.6 refuses the name of the image, and asks nobody. */
  readonly refusedBy16?: true;
  readonly byDigest?: boolean;
  readonly expected: Expected;
  /** What 1.6 does otherwise; `dies`: a pull over CRI ends the daemon. */
  readonly of16?: Expected | 'dies';
};

export type Expected = {
  /** In order; a server where nobody listens cannot tell. */
  readonly asked: readonly string[];
  readonly pulls: boolean;
};

const first = 'first.test:5000';
const second = 'second.test:5000';
const empty = 'empty.test:5000';
const emptyToo = 'empty-too.test:5000';
const broken = 'broken.test:5000';
const mute = 'mute.test:5000';
const closed = 'closed.test:5001';
const upstream = 'registry.test';
const hub = 'registry-1.docker.io';
/** A registry that cannot be reached. */
const gone = 'gone.test:5001';

const table = (url: string, ...lines: readonly string[]): string => [`[host.'${url}']`, ...lines, ''].join('\n');

/** As the agent and Spegel write them. */
const mirrors = (...hosts: readonly string[]): string =>
  hosts.map((host) => table(`http://${host}`, "capabilities = ['pull', 'resolve']")).join('\n');

const from = (...asked: readonly string[]): Expected => ({ asked, pulls: true });
const fails = (...asked: readonly string[]): Expected => ({ asked, pulls: false });

const inDefault = (text: string): Pick<Row, 'files' | 'registry'> => ({
  files: { '_default/hosts.toml': text },
  registry: upstream,
});

const directories: readonly Row[] = [
  { what: 'no certs.d entry at all', registry: upstream, expected: from(upstream) },
  { what: '_default only', ...inDefault(mirrors(first)), expected: from(first) },
  {
    what: "the registry's own directory hides _default",
    files: { '_default/hosts.toml': mirrors(first), 'registry.test/hosts.toml': mirrors(second) },
    registry: upstream,
    expected: from(second),
  },
  {
    what: 'so does an empty one',
    files: { '_default/hosts.toml': mirrors(first) },
    directories: ['registry.test'],
    registry: upstream,
    expected: from(upstream),
  },
  {
    what: 'the _5443_ form stands before :5443',
    files: { 'registry.test_5443_/hosts.toml': mirrors(first), 'registry.test:5443/hosts.toml': mirrors(second) },
    registry: 'registry.test:5443',
    expected: from(first),
  },
  {
    what: 'the :5443 form alone',
    files: { '_default/hosts.toml': mirrors(first), 'registry.test:5443/hosts.toml': mirrors(second) },
    registry: 'registry.test:5443',
    expected: from(second),
  },
  {
    what: 'a directory without the port is another registry',
    files: { 'registry.test/hosts.toml': mirrors(first) },
    registry: 'registry.test:5443',
    expected: from('registry.test:5443'),
  },
  {
    what: "docker.io's upstream has another name",
    files: { 'docker.io/hosts.toml': mirrors(empty) },
    registry: 'docker.io/library',
    expected: from(empty, hub),
  },
  {
    what: 'the directory registry-1.docker.io is not for docker.io',
    files: { 'registry-1.docker.io/hosts.toml': mirrors(first) },
    registry: 'docker.io/library',
    expected: from(hub),
  },
  {
    what: "a short name is one of docker.io's",
    files: { 'docker.io/hosts.toml': mirrors(first), '_default/hosts.toml': mirrors(second) },
    registry: '',
    only: 'CRI',
    expected: from(first),
  },
  {
    what: 'index.docker.io is docker.io',
    files: { 'docker.io/hosts.toml': mirrors(first), 'index.docker.io/hosts.toml': mirrors(second) },
    registry: 'index.docker.io/library',
    only: 'CRI',
    expected: from(first),
  },
  {
    what: 'a symlinked directory',
    files: { 'elsewhere/hosts.toml': mirrors(first) },
    links: { 'registry.test': 'elsewhere' },
    registry: upstream,
    expected: from(first),
  },
  {
    what: 'a dangling symlink hides nothing',
    files: { '_default/hosts.toml': mirrors(first) },
    links: { 'registry.test': 'nowhere' },
    registry: upstream,
    expected: from(first),
  },
  {
    what: 'a dangling hosts.toml is none',
    files: { '_default/hosts.toml': mirrors(first) },
    links: { 'registry.test/hosts.toml': 'nowhere' },
    registry: upstream,
    expected: from(upstream),
  },
  {
    what: 'a directory called hosts.toml fails the pull',
    directories: ['_default/hosts.toml'],
    registry: upstream,
    expected: fails(),
  },
  {
    what: 'a file where a directory should be fails the pull',
    files: { 'registry.test': mirrors(first) },
    registry: upstream,
    expected: fails(),
  },
  { what: 'a registry on localhost, by name', registry: 'localhost:5000', expected: from('localhost:5000') },
  { what: 'a registry on localhost, by address', registry: '127.0.0.1:5000', expected: from('127.0.0.1:5000') },
  {
    what: 'a registry on localhost, by IPv6 address',
    registry: '[::1]:5000',
    refusedBy16: true,
    expected: from('[::1]:5000'),
  },
  {
    what: 'a registry by a name with a capital and no dot',
    files: { 'First/hosts.toml': mirrors(first) },
    registry: 'First',
    refusedBy16: true,
    expected: from(first),
  },
];

const servers: readonly Row[] = [
  { what: 'the first answers 404', ...inDefault(mirrors(empty, second)), expected: from(empty, second) },
  { what: 'the first refuses', ...inDefault(mirrors(closed, second)), expected: from(second) },
  { what: 'the first answers 500', ...inDefault(mirrors(broken, second)), expected: from(broken, second) },
  { what: 'the first hangs up', ...inDefault(mirrors(mute, second)), expected: from(mute, second) },
  {
    what: 'all are no use: the upstream',
    ...inDefault(mirrors(empty, broken, closed)),
    expected: from(empty, broken, upstream),
  },
  { what: 'nobody has it', ...inDefault(mirrors(empty)), registry: gone, expected: fails(empty) },
  {
    what: 'the upstream cannot be reached',
    ...inDefault(mirrors(first, second)),
    registry: gone,
    expected: from(first),
  },
  {
    what: 'by digest',
    ...inDefault(mirrors(empty, second)),
    byDigest: true,
    registry: gone,
    expected: from(empty, second),
  },
  {
    what: 'by digest, from a mirror that may not resolve',
    ...inDefault(table(`http://${first}`, "capabilities = ['pull']")),
    byDigest: true,
    registry: gone,
    expected: from(first),
  },
  {
    what: 'HTTPS at a mirror that speaks HTTP',
    ...inDefault(mirrors(second).replace('http:', 'https:')),
    expected: from(second, upstream),
  },
];

const keys: readonly Row[] = [
  {
    what: 'pull only: not for tags',
    ...inDefault(table(`http://${first}`, "capabilities = ['pull']")),
    expected: from(upstream),
  },
  {
    what: 'pull only, and no upstream',
    ...inDefault(table(`http://${first}`, "capabilities = ['pull']")),
    registry: gone,
    expected: fails(),
  },
  {
    what: 'push only: not for tags',
    ...inDefault(table(`http://${first}`, "capabilities = ['push']")),
    expected: from(upstream),
  },
  { what: 'no capabilities are all', ...inDefault(table(`http://${first}`)), expected: from(first) },
  {
    what: 'server names the upstream',
    ...inDefault(`server = 'http://${first}'\n\n${mirrors(empty)}`),
    expected: from(empty, first),
  },
  {
    what: 'server and nothing else',
    ...inDefault(`server = 'http://${first}'\n`),
    expected: from(first),
    of16: from(upstream),
  },
  {
    what: 'server below a table is no server',
    ...inDefault(`${mirrors(empty)}server = 'http://${first}'\n`),
    expected: from(empty, upstream),
  },
  {
    what: 'referrers',
    ...inDefault(table(`http://${first}`, "capabilities = ['pull', 'resolve', 'referrers']")),
    expected: from(first),
    of16: from(upstream),
  },
  {
    what: 'an unknown capability',
    ...inDefault(table(`http://${first}`, "capabilities = ['pull', 'resolve', 'fetch']")),
    expected: from(upstream),
  },
  {
    what: 'a wrong type',
    ...inDefault(table(`http://${first}`, "capabilities = 'pull'")),
    expected: from(upstream),
  },
  {
    what: 'a key with a capital letter',
    ...inDefault(table(`http://${first}`, "Capabilities = ['pull']")),
    expected: from(upstream),
    of16: from(first),
  },
  {
    what: 'override_path',
    ...inDefault(table(`http://${first}/us`, 'override_path = true')),
    expected: from(first),
  },
  { what: 'a path before /v2', ...inDefault(mirrors(`${first}/us`)), expected: from(first) },
  {
    what: 'a missing ca fails the pull',
    ...inDefault(`${mirrors(first)}\n${table('https://never.test', "ca = 'missing.crt'")}`),
    expected: fails(),
  },
  {
    what: 'dial_timeout',
    ...inDefault(table(`http://${first}`, "dial_timeout = '200ms'")),
    expected: from(first),
  },
  {
    what: 'dial_timeout as a number',
    ...inDefault(table(`http://${first}`, 'dial_timeout = 5')),
    expected: from(upstream),
    of16: from(first),
  },
  {
    what: 'dial_timeout as a time of day',
    ...inDefault(table(`http://${first}`, 'dial_timeout = 00:00:05')),
    expected: from(upstream),
    of16: from(first),
  },
  {
    what: 'skip_verify at plain HTTP',
    ...inDefault(table(`http://${first}`, 'skip_verify = true')),
    expected: from(first),
  },
];

const structure: readonly Row[] = [
  { what: 'invalid TOML', ...inDefault(`${mirrors(first)}\ncapabilities = [`), expected: from(upstream) },
  { what: 'a host twice', ...inDefault(`${mirrors(first, first)}`), expected: from(upstream) },
  {
    what: 'a dotted host',
    ...inDefault(`host.'http://${first}'.capabilities = ['pull', 'resolve']\n`),
    expected: from(upstream),
    of16: from(first),
  },
  {
    what: 'a host of its header only',
    ...inDefault("[host.'http://first.test:5000'.header]\nx-why = 'because'\n"),
    expected: from(first),
  },
  {
    what: 'a header after another host',
    ...inDefault(`${mirrors(empty, emptyToo)}\n[host.'http://${empty}'.header]\nx-why = 'because'\n`),
    expected: from(empty, emptyToo, empty, upstream),
    of16: from(empty, emptyToo, upstream),
  },
  {
    what: 'an IPv6 mirror',
    ...inDefault(mirrors('[::1]:5000')),
    expected: from('[::1]:5000'),
    of16: from(upstream),
  },
  {
    what: 'a byte order mark',
    ...inDefault(`\uFEFF${mirrors(first)}`),
    expected: from(upstream),
    of16: from(first),
  },
  {
    what: 'comments only',
    files: { '_default/hosts.toml': mirrors(first), 'registry.test/hosts.toml': '# nothing\n' },
    registry: upstream,
    expected: from(upstream),
  },
  {
    what: '0 bytes',
    files: { '_default/hosts.toml': mirrors(first), 'registry.test/hosts.toml': '' },
    registry: upstream,
    expected: from(upstream),
  },
  {
    what: '[hosts] is not [host]',
    ...inDefault(mirrors(first).replace('[host.', '[hosts.')),
    expected: from(upstream),
  },
];

/** Values below a bare [host] line. */
const bare: readonly Row[] = [
  {
    what: 'a value below [host], and nothing else',
    ...inDefault("[host]\ntimeout = '5s'\n"),
    expected: from(upstream),
  },
  {
    what: 'text below [host], and a host',
    ...inDefault(`[host]\ntimeout = '5s'\n\n${mirrors(first)}`),
    expected: from(upstream),
    of16: 'dies',
  },
  {
    what: 'capabilities below [host], and a host',
    ...inDefault(`[host]\ncapabilities = ['pull', 'resolve']\n\n${mirrors(first)}`),
    expected: from(upstream),
    of16: 'dies',
  },
  {
    what: 'skip_verify below [host], and two hosts',
    ...inDefault(`[host]\nskip_verify = true\n\n${mirrors(first, second)}`),
    expected: from(upstream),
    of16: 'dies',
  },
  {
    what: 'hosts that are text',
    ...inDefault(`[host]\n'http://${first}' = 'pull'\n'http://${second}' = 'pull'\n`),
    expected: from(upstream),
    of16: 'dies',
  },
  {
    what: 'a list of tables beside a host',
    ...inDefault(`${mirrors(first)}\n[[host.'http://${second}']]\n`),
    expected: from(upstream),
    of16: 'dies',
  },
];

export const rows: readonly Row[] = [...directories, ...servers, ...keys, ...structure, ...bare];

const isIn = (hosts: readonly string[], host: string): boolean => hosts.includes(host);

/** Nobody listens there. */
export const isClosed = (host: string): boolean => isIn([closed, gone], host);

/** Whether a server has what it is asked for. */
export const serves = (host: string): boolean => !isClosed(host) && !isIn([empty, emptyToo, broken, mute], host);

/** It speaks plain HTTP. */
export const isPlain = (host: string): boolean => host.endsWith(':5000');
