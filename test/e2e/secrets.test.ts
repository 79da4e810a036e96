import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { createSpegel } from '../support/spegel/spegel.ts';
import { type Agent, handspegel, mainFile, startProcess, startReadyAgent } from './support/agent.ts';
import { startMirror } from './support/mirror.ts';
import { createPlace, type Place } from './support/place.ts';

/** Each place where a credential can stand has one of its own, so that a leak names its source. */
const secret = (place: string): string => `planted-${place}-${'s3cr3t'}`;
const encoded = (place: string): string => Buffer.from(`planted:${secret(place)}`).toString('base64');
const places = [
  'header',
  'user-info',
  'key',
  'mistake',
  'foreign',
  'foreign-info',
  'foreign-list',
  'foreign-inline',
  'foreign-comment',
  'old',
  'mounted',
  'mounted-in-text',
  'values',
] as const;
const spegelSecret = { username: 'planted', password: secret('spegel') };

const hosts = (url: string, header: string): string =>
  `[host.'${url}']\ncapabilities = ['pull']\n[host.'${url}'.header]\nAuthorization = 'Basic ${header}'\n`;

const extension = (name: string, path: string, content: string): string =>
  `  ${name}:\n    path: templates/root_dir/etc/containerd/certs.d/${path}\n    content: |\n${content.replaceAll(/^/gm, '      ')}\n`;

const configOf = (mirror: string, header: string, values = '{basicAuthSecretName: basic}'): string =>
  [
    'handspegel: {probe: {interval: 500ms, timeout: 500ms, remoteInterval: 1s}}',
    `cluster: {addon: {spegel: {helm_values: {spegel: ${values}}}}}`,
    'extensions:',
    extension('a', 'q.io/hosts.toml', hosts(mirror, header)),
    extension('b', 'u.io/hosts.toml', `[host.'http://me:${secret('user-info')}@127.0.0.1:1']\n`),
    // What is no key is kept, and a person is told; where it stood is told too.
    extension('c', 'k.io/hosts.toml', "[host.'https://127.0.0.1:1']\nclient = 'client.pem'\n"),
    extension('d', 'k.io/client.pem', `-----BEGIN PRIVATE KEY-----\n${secret('key')}\n-----END PRIVATE KEY-----\n`),
    extension(
      's',
      's.io/hosts.toml',
      `${hosts('http://127.0.0.1:1', '{{ .secrets.mirror.mounted }}')}# {{ .secrets.mirror.text }}\n`,
    ),
    extension(
      't',
      't.io/hosts.toml',
      `[host.'http://{{ .secrets.mirror.text }}']\ncapabilities = '{{ .secrets.mirror.text }}'\n`,
    ),
    extension('e', 'm.io/hosts.toml', hosts('http://127.0.0.1:1', encoded('mistake')).replace(/'\n$/, '\n')),
  ].join('\n');

/** What a listener of events is told first. */
const firstEvent = async (base: string): Promise<string> => {
  const { body } = await fetch(`${base}/api/events`);
  let text = '';
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    if (/^data: .*\n\n/m.test(text)) break;
  }
  return text;
};

/** An API server that knows nothing and keeps the Events that it is told. */
const startApi = async (t: TestContext, dir: string) => {
  const events: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'POST') events.push((await request.toArray()).join(''));
    response.setHeader('content-type', 'application/json').end('{}');
  };
  const api = createServer((request, response) => void answer(request, response));
  await once(api.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    api.closeAllConnections();
    api.close();
  });
  const server = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const kubeconfig = join(dir, 'kubeconfig');
  const named = { clusters: [{ name: 'a', cluster: { server } }], users: [{ name: 'a', user: {} }] };
  const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
  writeFileSync(kubeconfig, JSON.stringify({ ...named, contexts, 'current-context': 'a' }));
  return { events, kubeconfig };
};

/** All that a person or a program can read of this node's agent. */
const shown = async (t: TestContext, place: Place, agent: Agent): Promise<Map<string, string>> => {
  const texts = new Map<string, string>();
  const images = ['q', 'u', 'k', 'm', 'f', 's', 't', 'x'].map((name) => `${name}.io/a/b`);
  const api = ['status', 'diff', 'history', ...images.map((image) => `explain?image=${image}`)];
  for (const path of ['/', '/metrics', ...api.map((name) => `/api/${name}`), ...images.map((i) => `/?image=${i}`)]) {
    const { code, body } = await agent.get(path);
    assert.equal(code, 200, `${path}: ${body}`);
    texts.set(`GET ${path}`, body);
  }
  const { body } = await agent.get('/metrics');
  assert.match(body, /registry="q\.io"/);
  texts.set('GET /api/events', await firstEvent(await agent.address('/api/events')));
  const json = [['status'], ['plan'], ['diff'], ['render'], ['history']].map((words) => [...words, '--json']);
  const commands = [
    ['status'],
    ['plan'],
    ['diff'],
    ['render'],
    ['history'],
    ['history', 'q.io/hosts.toml', '1'],
    ...json,
  ];
  const explain = [...images.map((image) => ['explain', image]), ['explain', 'f.io/a/b', '--json']];
  for (const words of [...commands, ...explain]) {
    const { code, output } = await handspegel(t, place, words, { env: {} });
    assert.notEqual(code, 2, `${words.join(' ')}: ${output}`);
    texts.set(words.join(' '), output);
  }
  const { certsDir, stateDir } = place;
  const doctor = ['doctor', '--certs-dir', certsDir, '--state-dir', stateDir, '--image', 'q.io/a/b'];
  for (const words of [doctor, [...doctor, '--json'], ['lint', place.config], ['lint', place.config, '--json']]) {
    const { code, output } = await startProcess(t, [process.execPath, mainFile, ...words]).ended;
    assert.equal(code, 1, output);
    texts.set(words.join(' '), output);
  }
  texts.set('log', agent.output());
  texts.set('journal', readFileSync(join(place.stateDir, 'journal.jsonl'), 'utf8'));
  return texts;
};

it('no credential is shown anywhere, and none is sent to another host', async (t) => {
  const bare = createPlace(t);
  const mounted = join(bare.dir, 'secrets');
  mkdirSync(join(mounted, 'mirror'), { recursive: true });
  writeFileSync(join(mounted, 'mirror/mounted'), encoded('mounted'));
  writeFileSync(join(mounted, 'mirror/text'), secret('mounted-in-text'));
  const place: Place = { ...bare, flags: [...bare.flags, '--secrets-dir', mounted] };
  const { events, kubeconfig } = await startApi(t, place.dir);
  const own = await startMirror(t, place.nodeIp, 30020);
  const spegels = await startMirror(t, place.nodeIp, 30021);
  const mirror = await startMirror(t, place.nodeIp, 30029);
  const stranger = await startMirror(t, place.nodeIp, 30030);
  mkdirSync(join(place.certsDir, 'f.io'), { recursive: true });
  writeFileSync(
    join(place.certsDir, 'f.io/hosts.toml'),
    [
      hosts('http://127.0.0.1:1', encoded('foreign')),
      `[host.'http://me:${secret('foreign-info')}@127.0.0.1:2']\n[host.'http://127.0.0.1:3'.header]\n`,
      `X-Token = [\n  '${secret('foreign-list')}',\n]\n# Authorization = 'Basic ${encoded('foreign-comment')}'\n`,
      `[host.'http://127.0.0.1:4']\nheader = { X-Token = '${secret('foreign-inline')}' }\n`,
    ].join('\n'),
  );
  place.configure(configOf(mirror.url, encoded('old')));
  const agent = await startReadyAgent(t, place, {
    flags: ['--kubernetes', '--events'],
    env: { KUBECONFIG: kubeconfig },
  });
  const basic = `Basic ${encoded('header')}`;
  const isAsked = (): true | undefined =>
    mirror.asked.some(({ authorization }) => authorization === `Basic ${encoded('old')}`) || undefined;
  await agent.until('it is asked with the header', isAsked);
  // The header changes: a difference, a version in the history.
  place.configure(configOf(mirror.url, encoded('header')));
  await agent.until(
    'the new one',
    () => mirror.asked.some(({ authorization }) => authorization === basic) || undefined,
  );
  mirror.redirect(`${stranger.url}/v2/`);
  await agent.until('it is followed to the stranger', () => stranger.asked.length > 0 || undefined);

  // Spegel with basic auth, its file withdrawn: its bytes are carried in a comment.
  const spegel = createSpegel({
    family: 'v0.7',
    certsDir: place.certsDir,
    nodeIp: place.nodeIp,
    bin: false,
    secret: spegelSecret,
    values: { basicAuthSecretName: 'basic' },
  });
  await spegel.start();
  const told = Buffer.from(`${spegelSecret.username}:${spegelSecret.password}`).toString('base64');
  assert.ok(readFileSync(join(place.certsDir, '_default/hosts.toml'), 'utf8').includes(told), 'Spegel has a header');
  await agent.whenStatus('Spegel is there', ({ phase }) => phase.phase === 'spegel');
  for (const one of [own, spegels]) one.become('silent');
  await agent.whenStatus('withdrawn', ({ phase }) => phase.phase === 'withdrawn');
  mirror.become('page');
  await agent.whenStatus('the mirror is out', ({ mirrors }) =>
    mirrors.some(({ url, withdrawn }) => url === mirror.url && withdrawn),
  );

  for (const other of [stranger, own]) {
    const sent = other.asked.map(({ authorization }) => authorization).filter((value) => value !== undefined);
    assert.equal(
      sent.some((value) => value === basic),
      false,
    );
  }
  assert.ok(stranger.asked.every(({ authorization }) => authorization === undefined));
  // What the stand-in carries of Spegel's file, in lines of comment.
  const standing = readFileSync(join(place.certsDir, '_default/hosts.toml'), 'utf8');
  const carried = [...standing.matchAll(/^# handspegel-carries (\S{20})/gm)].map(([, text = '']) => text);
  assert.notEqual(carried.length, 0, standing);
  const forbidden = [...places.flatMap((one) => [secret(one), encoded(one)]), spegelSecret.password, told, ...carried];
  const texts = await shown(t, place, agent);
  // A configuration that is refused quotes what it refuses.
  const refused = `{additionalMirrorTargets: ['http://me:${secret('values')}@127.0.0.1:3']}`;
  place.configure(configOf(mirror.url, encoded('header'), refused));
  const isRefused = (event: string): boolean => event.includes('ConfigurationRefused');
  await agent.until('Events are told', () => (events.some(isRefused) && events.length > 3) || undefined);
  for (const path of ['/', '/api/status']) texts.set(`${path}, refused`, (await agent.get(path)).body);
  texts.set('log, refused', agent.output());
  texts.set('Events', events.join('\n'));
  for (const [where, text] of texts) {
    for (const one of forbidden) assert.equal(text.includes(one), false, `${where} shows ${one}:\n${text}`);
  }
});
