import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/core/config/config.ts';
import { render } from '../../../src/core/config/render.ts';
import { type Facts, noFacts } from '../../../src/core/facts.ts';
import { type BootOutcome, type BootPlan, marks } from '../../../src/core/user-data/boot-plan.ts';
import { type BootFacts, planBoot } from '../../../src/core/user-data/plan-boot.ts';
import { createTools } from '../../../src/tools.ts';

const tools = createTools({ agentVersion: '0.0.0', object: () => undefined });
const root = join(import.meta.dirname, '../..');

const planFor = (document: string, facts: Partial<BootFacts> = {}): BootPlan => {
  const { config, problems } = parseConfig(document, 'config.yaml');
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return planBoot({
    config,
    facts: { controlPlane: ['10.0.0.1', '10.0.0.2'], ...facts },
    tools,
    version: '0.0.0',
    certsDir: '/etc/containerd/certs.d',
    stateDir: '/var/lib/handspegel',
    probe: false,
  });
};

type Node = { readonly v4?: string | undefined; readonly v6?: string | undefined };

const fits = (wanted: string, address: string | undefined): boolean =>
  wanted === 'any' ? address !== undefined : wanted === (address ?? 'none');

/** What the script would choose on a node with these addresses, with them in it. */
const outcomeOn = (plan: BootPlan, registry: string, { v4, v6 }: Node): BootOutcome => {
  const unit = plan.units.find((one) => one.registry === registry);
  const found = unit?.cases.find((one) => fits(one.v4, v4) && fits(one.v6, v6))?.outcome ?? { kind: 'nothing' };
  const text = JSON.stringify(found)
    .replaceAll(marks.v4, v4 ?? '?')
    .replaceAll(marks.v6, v6 ?? '?')
    .replaceAll(marks.v6Word, encodeURIComponent(v6 ?? '?'));
  return JSON.parse(text) as BootOutcome;
};

const hostsOn = (plan: BootPlan, node: Node, registry = '_default'): string | undefined => {
  const outcome = outcomeOn(plan, registry, node);
  return outcome.kind === 'files' ? outcome.hosts : undefined;
};

const nodes: readonly Node[] = [
  { v4: '10.0.0.5' },
  { v4: '10.0.0.1' },
  { v4: '10.0.0.2', v6: 'fd00::2' },
  { v4: '192.168.44.5', v6: 'fd00::5' },
  { v4: '203.0.113.9' },
  { v6: 'fd00::1' },
  { v6: '2001:db8::5' },
  { v4: '10.20.0.5', v6: '2001:db8:1:2:3:4:5:6' },
  {},
];

const examples = readdirSync(join(root, 'document'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => join(root, 'document', name));
const cases = readdirSync(join(root, 'cases/config')).map((name) => join(root, 'cases/config', name, 'config.yaml'));

describe('user-data says what the agent would write for the same facts', () => {
  const mixed = ['10.0.0.1', 'fd00::1', 'master.example.com'];
  for (const [controlPlane, configurations, ...versions] of [
    [['10.0.0.1', '10.0.0.2'], [...examples, ...cases], undefined],
    [mixed, [...examples, ...cases], '2.2.9'],
    [mixed, examples, undefined, '1.7.20'],
    [[], examples, undefined],
  ] as const) {
    for (const containerdVersion of versions) {
      const about = `control plane ${controlPlane.join(' ') || 'unknown'}, containerd ${containerdVersion ?? 'unknown'}`;
      it(`in ${configurations.length} configurations, on every kind of node: ${about}`, () => {
        let compared = 0;
        for (const path of configurations) {
          const text = readFileSync(path, 'utf8');
          const { config } = parseConfig(text, 'config.yaml');
          if (config === undefined) continue;
          const plan = planFor(text, { controlPlane, containerdVersion });
          for (const { v4, v6 } of nodes) {
            const facts: Facts = {
              ...noFacts,
              nodeAddresses: [v4, v6].filter((address) => address !== undefined),
              controlPlane,
              ...(containerdVersion === undefined ? {} : { containerdVersion }),
            };
            const desired = render(config, facts, tools);
            for (const { registry } of plan.units) {
              const outcome = outcomeOn(plan, registry, { v4, v6 });
              const unit = desired.units.get(registry);
              if (outcome.kind === 'left') continue;
              const files = (unit?.files ?? []).map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]);
              const planned =
                outcome.kind === 'nothing'
                  ? []
                  : [...outcome.beside.map(({ name, text }) => [name, text]), ['hosts.toml', outcome.hosts]];
              assert.deepEqual(planned, files, `${path} ${registry} ${v4 ?? ''} ${v6 ?? ''}`);
              if (outcome.kind === 'files')
                assert.ok(!unit?.problems.some(({ severity }) => severity === 'error'), `${path} ${registry}`);
              compared += 1;
            }
          }
        }
        assert.ok(compared > 8 * configurations.length, `${compared}`);
      });
    }
  }
});

const extension = (registry: string, content: string, name = 'hosts.toml'): string =>
  `  ${registry}-${name}:\n    path: templates/root_dir/etc/containerd/certs.d/${registry}/${name}\n    content: ${JSON.stringify(content)}\n`;

const leftOut = (plan: BootPlan): readonly string[] =>
  plan.problems.filter(({ code }) => code === 'user-data-left-out').map(({ message }) => message);

const mirror = (url: string): string => `[host.'${url}']\ncapabilities = ['pull']\ndial_timeout = '200ms'\n`;

describe('the bootstrap file of user-data', () => {
  it('names a node of the control plane once, first', () => {
    const plan = planFor('');
    const urls = (node: Node): readonly string[] =>
      [...(hostsOn(plan, node) ?? '').matchAll(/'http:\/\/(.*):30020'/g)].map(([, host = '']) => host);
    assert.deepEqual(urls({ v4: '10.0.0.9' }), ['10.0.0.9', '10.0.0.1', '10.0.0.2']);
    assert.deepEqual(urls({ v4: '10.0.0.2' }), ['10.0.0.2', '10.0.0.1']);
    assert.deepEqual(urls({ v4: '10.0.0.1', v6: 'fd00::1' }), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(urls({ v6: 'fd00::1' }), ['10.0.0.1', '10.0.0.2'], 'the version is not known');
    assert.deepEqual(urls({}), ['10.0.0.1', '10.0.0.2']);
  });

  it('has IPv6 in brackets where containerd is known to read it, or where there is nothing else', () => {
    const facts = { controlPlane: ['fd00::1'] };
    assert.match(hostsOn(planFor('', facts), { v6: 'fd00::5' }) ?? '', /'http:\/\/\[fd00::5\]:30020'/);
    assert.equal(
      hostsOn(planFor('', { ...facts, containerdVersion: '1.7.20' }), { v6: 'fd00::5' })?.includes('['),
      false,
    );
    const both = hostsOn(planFor('', { ...facts, containerdVersion: '2.2.9' }), { v4: '10.0.0.5', v6: 'fd00::5' });
    assert.match(both ?? '', /10\.0\.0\.5:30020[\s\S]*\[fd00::1\]:30020/);
  });

  it("is empty with `enabled: false`, absent with `content: ''`, and as it is when it holds comments only", () => {
    const of = (name: string) => planFor(readFileSync(join(root, 'document', name), 'utf8'));
    assert.equal(hostsOn(of('01-disable-spegel.yaml'), { v4: '10.0.0.5' }), '');
    assert.deepEqual(of('04-no-default-file.yaml').units, []);
    assert.equal(hostsOn(of('05-no-mirrors.yaml'), { v4: '10.0.0.5' }), '# no mirrors');
  });

  it('says so when no control plane is known', () => {
    const codes = (facts: Partial<BootFacts>, document = ''): readonly string[] =>
      planFor(document, facts).problems.map(({ code }) => code);
    assert.deepEqual(codes({ controlPlane: [] }), ['user-data-no-control-plane']);
    assert.deepEqual(codes({ controlPlane: [] }, 'handspegel: {controlPlane: {addresses: [10.0.0.1]}}'), []);
  });
});

describe('files that user-data leaves to the agent', () => {
  it('are those that need its facts, each with the reason', () => {
    const plan = planFor(
      `extensions:\n${[
        extension('label.io', mirror('http://{{ .node.labels.zone }}:1')),
        extension('name.io', mirror('http://{{ .config.node_name }}:1')),
        extension('secret.io', `${mirror('https://m.io')}[host.'https://m.io'.header]\nAuthorization = 'x'\n`),
        extension('ca.io', 'PEM', 'ca.crt'),
        extension('lacks.io', `${mirror('https://m.io')}ca = 'ca.crt'\n`),
        extension('fine.io', mirror('http://{{ .config.node_address_ip }}:1')),
      ].join('')}`,
    );
    assert.deepEqual(
      leftOut(plan)
        .map((message) => message.replace(/^(\S+) is left to the agent.*?: (?:.*: )?([^:]*)$/, '$1 $2'))
        .filter((message) => !/after host/.test(message)),
      [
        'ca.io/ it has no hosts.toml, which would mark it as ours',
        'fine.io/ map has no entry for key "node_address_ip"',
        'label.io/ map has no entry for key "zone"',
        'lacks.io/ it names certificates that no extension makes',
        'name.io/ map has no entry for key "node_name"',
        'secret.io/ it holds a credential, and user-data is no place for one',
      ],
    );
    assert.match(leftOut(plan).join('\n'), /^fine\.io\/ is left to the agent on nodes with no address:/m);
    assert.ok(hostsOn(plan, { v4: '10.0.0.5' }, 'fine.io')?.includes('http://10.0.0.5:1'));
  });

  it('are those whose templates reckon with the address, not those that write it down', () => {
    const address = '.config.node_address_ip';
    const plan = planFor(
      `extensions:\n${[
        extension('dash.io', mirror(`http://n-{{ ${address} | replace "." "-" }}:1`)),
        extension('last.io', mirror(`http://a:{{ index (splitList "." ${address}) 3 }}`)),
        extension('zone.io', mirror(`http://{{ if hasPrefix "10.77." ${address} }}a{{ else }}b{{ end }}:1`)),
        extension('one.io', mirror(`http://{{ if eq ${address} "10.77.0.9" }}a{{ else }}b{{ end }}:1`)),
        extension('twice.io', mirror(`http://{{ ${address} }}:1`) + mirror(`http://{{ printf "%s" ${address} }}:2`)),
      ].join('')}`,
    );
    assert.deepEqual(
      leftOut(plan)
        .filter((message) => /does more/.test(message))
        .map((message) => message.split('/')[0]),
      ['dash.io', 'last.io', 'zone.io'],
    );
    assert.match(hostsOn(plan, { v4: '10.77.0.9' }, 'one.io') ?? '', /http:\/\/a:1/);
    assert.match(hostsOn(plan, { v4: '10.77.0.8' }, 'one.io') ?? '', /http:\/\/b:1/);
    assert.ok(hostsOn(plan, { v4: '10.9.9.9' }, 'twice.io')?.includes('http://10.9.9.9:2'));
  });

  it('are those that policy.mirrors refuses; a node is taken to be in the networks that it allows', () => {
    const policy = 'handspegel: {policy: {mirrors: {cidrs: [10.0.0.0/8]}}}\nextensions:\n';
    const plan = planFor(policy + extension('evil.io', mirror('https://evil.example')));
    assert.match(leftOut(plan).join('\n'), /^evil\.io\/ is left to the agent: .*breaks policy\.mirrors/m);
    assert.ok(hostsOn(plan, { v4: '10.9.9.9' })?.includes('http://10.9.9.9:30020'));
    const closed = planFor('handspegel: {policy: {mirrors: {schemes: [https]}}}');
    assert.equal(hostsOn(closed, { v4: '10.9.9.9' }), undefined);
  });

  it('hold nothing of a Secret: basic auth is not in user-data', () => {
    const plan = planFor('cluster: {addon: {spegel: {helm_values: {basicAuthSecretName: auth}}}}');
    assert.doesNotMatch(JSON.stringify(plan), /Authorization/);
    assert.deepEqual(
      plan.problems.map(({ code }) => code),
      ['basic-auth-secret-unknown'],
    );
  });
});

describe('the mirrors of a file one by one', () => {
  it('make the file that the gate would write when some are out', () => {
    const plan = planFor(
      'cluster: {addon: {spegel: {helm_values: {spegel: {mirroredRegistries: ["https://quay.io"]}}}}}',
    );
    const outcome = outcomeOn(plan, 'quay.io', { v4: '10.0.0.5' });
    assert.ok(outcome.kind === 'files');
    assert.deepEqual(
      outcome.mirrors.map(({ url, probe, word }) => [url, probe, word]),
      ['10.0.0.5', '10.0.0.1', '10.0.0.2'].map((host) => [
        `http://${host}:30020`,
        `http://${host}:30020/v2/`,
        `http%3A%2F%2F${host}%3A30020`,
      ]),
    );
    assert.equal([outcome.top, ...outcome.mirrors.map(({ block }) => block)].join('\n'), outcome.hosts);
    assert.equal(outcome.alone, "server = 'https://quay.io'\n\n[host]\n");
  });
});
