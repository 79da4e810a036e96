import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diagnose } from '../../../src/core/doctor/diagnose.ts';
import { doctorProblems } from '../../../src/core/doctor/doctor-codes.ts';
import { factsOf, type Given, good, v2, v3 } from './facts.ts';

const codesOf = (given: Given): readonly string[] =>
  diagnose(factsOf(given)).flatMap(({ code, severity }) =>
    severity === 'info' && !['certs-link', 'containerd-version-newer'].includes(code) ? [] : [code],
  );

const list = 'config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"';
const mirrors = '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\nendpoint = ["https://m"]\n';
const imported = (text: string) => ({ '/etc/containerd/conf.d/a.toml': text });
const withImports = (text: string): string => `imports = ["/etc/containerd/conf.d/*.toml"]\n${text}`;
const certs = (more: NonNullable<Given['tree']>): Given => ({ tree: { '_default/hosts.toml': good, ...more } });
const dead = { kind: 'refused', detail: 'connection refused' } as const;

/** What is given -> exactly the codes that come out, in order of severity. */
const cases: Readonly<Record<string, readonly [Given, readonly string[]]>> = {
  'a healthy node gives nothing': [{}, []],
  'a healthy 1.7 node gives nothing': [{ version: '1.7.35', config: v2('') }, []],
  'a version 1 file on 1.6 gives nothing': [
    { version: '1.6.36', config: '[plugins.cri.registry]\nconfig_path = "/etc/containerd/certs.d"\n' },
    [],
  ],
  'a version 2 file on 2.2 is migrated': [{ config: v2('') }, []],
  'a version 2 file on 2.4 is migrated': [{ version: '2.4.2', config: v2('') }, []],
  'a version 1 file on 2.3 is migrated': [
    { version: '2.3.7', config: '[plugins.cri.registry]\nconfig_path = "/etc/containerd/certs.d"\n' },
    [],
  ],
  'a version 4 file on 2.4 gives nothing': [{ version: '2.4.2', config: v3('').replace('3', '4') }, []],
  'a trailing slash is no difference': [{ config: v3('', 'config_path = "/etc/containerd/certs.d/"') }, []],

  'no configuration on 1.7': [{ version: '1.7.35', config: null }, ['containerd-config-absent']],
  'no configuration on 2.2: the built-in list': [{ config: null }, ['containerd-config-absent']],
  'an unreadable configuration': [{ unreadable: true }, ['containerd-config-unreadable']],
  'no TOML': [{ config: 'version = \n' }, ['containerd-config-syntax']],
  'version 3 on 1.7': [{ version: '1.7.35' }, ['containerd-config-version-high']],
  'version 3 on 1.6.31, which reads it as 2': [{ version: '1.6.31', config: v2('').replace('2', '3') }, []],
  'version 4 on 2.2': [{ config: 'version = 4\n' }, ['containerd-config-version-high']],
  'long names without a version line on 1.7': [
    { version: '1.7.35', config: v2('').replace('version = 2\n', '') },
    ['containerd-config-section-unread'],
  ],
  'a version 1 file on 2.1: its registry is not moved': [
    { version: '2.1.9', config: '[plugins.cri.registry]\nconfig_path = "/etc/containerd/certs.d"\n' },
    ['containerd-config-section-unread'],
  ],
  'the old section in a version 3 file on 2.1': [
    { version: '2.1.9', config: v2('').replace('2', '3') },
    ['containerd-config-section-unread'],
  ],
  'the old section in a version 3 file on 2.3 is migrated': [
    { version: '2.3.7', config: v2('').replace('2', '3') },
    [],
  ],
  'the new section on 1.7': [
    { version: '1.7.35', config: v3('').replace('version = 3', 'version = 2') },
    ['containerd-config-section-unread'],
  ],
  'config_path not set on 1.7': [{ version: '1.7.35', config: 'version = 2\n' }, ['containerd-config-path-absent']],
  'config_path not set on 2.1': [{ version: '2.1.9', config: 'version = 3\n' }, ['containerd-config-path-absent']],
  'config_path not set on 2.2: a list that the transfer service does not understand': [
    { config: 'version = 3\n' },
    ['containerd-config-path-default'],
  ],
  'config_path not set on 2.2 with local pulls': [{ config: v3('use_local_image_pull = true', '') }, []],
  'two directories with the transfer service': [{ config: v3('', list) }, ['containerd-config-path-list']],
  'two directories with use_local_image_pull': [{ config: v3('use_local_image_pull = true', list) }, []],
  'two directories and thrown away layers: local by accident': [
    { config: v3('discard_unpacked_layers = true', list) },
    ['containerd-config-path-list-local', 'containerd-discard-unpacked-layers'],
  ],
  'two directories on 1.7': [{ version: '1.7.35', config: v2('', list) }, []],
  'the managed directory comes second': [
    { version: '1.7.35', config: v2('', 'config_path = "/etc/docker/certs.d:/etc/containerd/certs.d"') },
    ['containerd-config-path-second'],
  ],
  'another directory': [{ config: v3('', 'config_path = "/etc/certs"') }, ['containerd-config-path-differs']],
  'a relative directory': [{ config: v3('', 'config_path = "certs.d"') }, ['containerd-config-path-relative']],
  'mirrors beside config_path': [{ version: '1.7.35', config: v2(mirrors) }, ['containerd-mirrors-and-config-path']],
  'mirrors on 2.2.0, whose default has config_path': [
    { version: '2.2.0', config: v2(mirrors, '') },
    ['containerd-mirrors-and-config-path'],
  ],
  'mirrors instead of config_path': [{ config: v2(mirrors, '') }, ['containerd-mirrors-instead']],
  'tls beside config_path on 1.7': [
    {
      version: '1.7.35',
      config: v2('[plugins."io.containerd.grpc.v1.cri".registry.configs."r.io".tls]\ninsecure_skip_verify = true\n'),
    },
    ['containerd-tls-and-config-path', 'containerd-registry-auth'],
  ],
  'credentials in config.toml': [
    { config: v2('[plugins."io.containerd.grpc.v1.cri".registry.configs."r.io".auth]\nusername = "u"\n') },
    ['containerd-registry-auth'],
  ],
  "the transfer service's own config_path": [
    { config: `${v3('')}[plugins."io.containerd.transfer.v1.local"]\nconfig_path = "/etc/containerd/certs.d"\n` },
    ['containerd-transfer-config-path'],
  ],
  'thrown away layers on 1.7': [
    {
      version: '1.7.35',
      config: v2('[plugins."io.containerd.grpc.v1.cri".containerd]\ndiscard_unpacked_layers = true\n'),
    },
    ['containerd-discard-unpacked-layers'],
  ],
  'CRI switched off as in the packages of Docker': [
    { version: '1.7.35', config: `disabled_plugins = ["cri"]\n${v2('')}` },
    ['containerd-cri-disabled'],
  ],
  'CRI switched off by its long name': [
    { config: `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n${v3('')}` },
    ['containerd-cri-disabled'],
  ],
  'an import that does not exist': [{ config: `imports = ["x.toml"]\n${v3('')}` }, ['containerd-import-missing']],
  'a pattern that matches nothing': [{ config: withImports(v3('')) }, []],
  'an imported config_path': [{ config: withImports('version = 3\n'), imports: imported(v3('')) }, []],
  'an imported section that replaces config_path on 1.7': [
    {
      version: '1.7.35',
      config: withImports(v2('')),
      imports: imported('version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "x"\n'),
    },
    ['containerd-import-replaces'],
  ],
  'the same is merged on 2.0': [
    {
      version: '2.0.14',
      config: withImports(v2('')),
      imports: imported('version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "x"\n'),
    },
    [],
  ],
  'an import of a higher version on 2.4': [
    { version: '2.4.2', config: withImports(v2('')), imports: imported('version = 3\n') },
    ['containerd-import-version'],
  ],
  'an import of a higher version on 2.1 stops the migration': [
    { version: '2.1.9', config: withImports(v2('')), imports: imported('version = 3\n') },
    ['containerd-config-section-unread'],
  ],

  'an unknown version': [{ version: null }, ['containerd-version-unknown']],
  'a version after all known ones': [
    { version: '3.0.0', config: v3('').replace('3', '4') },
    ['containerd-version-newer'],
  ],
  'containerd 1.4': [{ version: '1.4.13', config: v2('') }, ['containerd-too-old']],
  '_default before 1.6.17': [
    { version: '1.6.16', config: v2(''), tree: { '_default/hosts.toml': good } },
    ['containerd-no-default'],
  ],
  'a binary of another version': [
    { source: 'Node object', binary: { version: 'containerd github.com/containerd/containerd v2.3.7 abc' } },
    ['containerd-version-differs'],
  ],
  'a configuration newer than the start': [{ socketSince: 500 }, ['containerd-restart-needed']],
  'a binary newer than the start': [{ binary: { changedAt: 3_000 } }, ['containerd-binary-newer']],
  'no socket': [{ socketSince: null }, ['containerd-not-running']],
  'a silent socket': [{ silent: 'no answer in 3000 ms' }, ['containerd-socket-silent']],
  'another runtime': [{ runtime: 'cri-o', config: null }, ['runtime-not-containerd']],

  'flag and preset differ': [{ certsDir: { flag: '/etc/containerd/certs.d', preset: 'k3s' } }, ['certs-dir-differs']],
  'preset and chart differ': [{ certsDir: { preset: 'default', helmValues: '/x' } }, ['certs-dir-differs']],
  'a distribution with a place of its own': [
    { config: null, distribution: 'k3s' },
    ['containerd-config-absent', 'certs-dir-distribution'],
  ],
  'certs.d is absent': [{ root: 'absent', tree: {} }, ['certs-dir-absent']],
  'certs.d is a file': [{ root: { problem: 'x is not a directory' }, tree: {} }, ['certs-dir-not-a-directory']],
  'certs.d cannot be listed': [{ look: 'EACCES' }, ['certs-unreadable']],
  'certs.d is a mount': [{ mount: 'it is a mount of its own' }, ['certs-mount']],
  'no host anywhere': [{ tree: { '_default/hosts.toml': '# nothing\n' } }, ['certs-no-mirror']],
  'an empty directory hides _default': [certs({ 'docker.io': '/' }), ['certs-empty-directory']],
  'an empty directory without a _default hides nothing': [
    { tree: { 'docker.io': '/', 'quay.io/hosts.toml': good } },
    [],
  ],
  'a directory with certificates alone': [certs({ 'r.io/ca.crt': 'CERT' }), ['certs-no-hosts-file']],
  'an empty hosts.toml': [certs({ 'r.io/hosts.toml': '' }), ['certs-hosts-empty']],
  _default_: [certs({ '_default_/hosts.toml': good }), ['certs-default-misspelt']],
  "Docker Hub's server name": [certs({ 'registry-1.docker.io/hosts.toml': good }), ['certs-directory-unread']],
  'capital letters': [certs({ 'Quay.io/hosts.toml': good }), ['certs-directory-unusual']],
  'two directories of one registry': [
    certs({ 'r.io:5000/hosts.toml': good, 'r.io_5000_/hosts.toml': good }),
    ['certs-directory-hidden'],
  ],
  'host.toml': [certs({ 'r.io/host.toml': good }), ['certs-no-hosts-file', 'certs-file-name']],
  'a file for a directory': [certs({ 'docker.io': good }), ['certs-not-a-directory']],
  'a loose file': [certs({ README: 'text' }), ['certs-loose-file']],
  'a link to nothing': [certs({ 'r.io/hosts.toml': '-> /nowhere' }), ['certs-link-dangling', 'certs-no-hosts-file']],
  'a link to a file outside': [
    { ...certs({ 'r.io/hosts.toml': '-> /etc/shared.toml' }), outside: { '/etc/shared.toml': good } },
    ['certs-link'],
  ],
  'a hosts.toml that cannot be read': [certs({ 'r.io/hosts.toml': '!EIO' }), ['certs-unreadable']],
  'a hosts.toml that is a directory': [certs({ 'r.io/hosts.toml': '/' }), ['certs-pull-fails']],
  'a certificate without its key': [
    certs({ 'r.io/client.cert': 'CERT', 'r.io/x.crt': 'CERT' }),
    ['certs-key-missing', 'certs-no-hosts-file'],
  ],
  'a key without its certificate': [
    certs({ 'r.io/client.key': { text: 'KEY', mode: 0o600 } }),
    ['certs-no-hosts-file', 'certs-key-alone'],
  ],
  'a file of another owner': [certs({ 'r.io/hosts.toml': { text: good, uid: 1000 } }), ['certs-owner']],
  'a file that all may write': [certs({ 'r.io/hosts.toml': { text: good, mode: 0o666 } }), ['certs-writable']],
  'a file that its owner may not read': [certs({ 'r.io/hosts.toml': { text: good, mode: 0o044 } }), ['certs-mode']],
  'credentials that all may read': [
    certs({ 'r.io/hosts.toml': `${good}[host.'http://10.0.0.5:30020'.header]\nAuthorization = 'Basic eA=='\n` }),
    ['certs-secret-readable'],
  ],
  'a missing ca fails every pull': [
    certs({ 'r.io/hosts.toml': `${good}ca = 'nope.crt'\n` }),
    ['hosts-certificate-missing'],
  ],
  'a file that kills this containerd': [
    certs({ 'r.io/hosts.toml': good.replace("'200ms'", '00:00:05') }),
    ['hosts-deadly'],
  ],
  'IPv6 on 1.7': [
    { version: '1.7.35', config: v2(''), tree: { '_default/hosts.toml': good.replace('10.0.0.5', '[fd00::1]') } },
    ['hosts-ignored', 'certs-no-mirror'],
  ],

  'a mirror that answers': [{ mirrors: [{ status: 200 }] }, []],
  'a mirror that refuses beside one that answers': [
    { mirrors: [{ status: 200 }, { ...dead, url: 'http://10.0.0.5:30021' }] },
    ['mirror-refused'],
  ],
  'no mirror answers': [{ mirrors: [dead] }, ['mirror-none-answers', 'mirror-refused']],
  'a mirror that drops packets': [{ mirrors: [{ status: 200 }, { kind: 'timeout' }] }, ['mirror-timeout']],
  'a mirror that hangs': [{ mirrors: [{ status: 200 }, { kind: 'hung' }] }, ['mirror-hung']],
  'a mirror that is none': [{ mirrors: [{ status: 200 }, { kind: 'wrong' }] }, ['mirror-wrong']],
  'a mirror that answers with an error': [{ mirrors: [{ status: 200 }, { kind: 'erroring' }] }, ['mirror-erroring']],
  'a mirror that stops in the middle of an image': [
    { mirrors: [{ status: 200 }, { status: 200, reading: { kind: 'stalls', detail: 'blob: 1 of 2 bytes' } }] },
    ['mirror-stalls'],
  ],
  'a mirror that sends something else': [
    { mirrors: [{ status: 200 }, { status: 200, reading: { kind: 'broken', detail: 'blob: 1 of 2 bytes' } }] },
    ['mirror-broken-content'],
  ],
  'mirrors that have an image, or have it not': [
    { mirrors: (['whole', 'missing'] as const).map((kind) => ({ status: 200, reading: { kind, detail: '' } })) },
    [],
  ],
  'a mirror that wants credentials': [{ mirrors: [{ status: 200 }, { status: 401 }] }, ['mirror-wants-credentials']],

  'SELinux is permissive': [{ selinux: { labels: new Map([['/x', 'user_home_t']]) } }, []],
  'a file moved from a home directory': [
    {
      selinux: {
        enforcing: true,
        own: 'spc_t',
        labels: new Map([
          ['/x', 'user_home_t'],
          ['/y', 'etc_t'],
        ]),
      },
    },
    ['selinux-label'],
  ],
  'a confined agent': [{ selinux: { enforcing: true, own: 'container_t' } }, ['selinux-confined']],
  'an error of the configuration': [
    { problems: [{ code: 'config-syntax', severity: 'error', message: 'm', hint: 'h' }] },
    ['config-syntax'],
  ],
};

describe('doctor', () => {
  for (const [name, [given, expected]] of Object.entries(cases)) {
    it(name, () => {
      assert.deepEqual([...codesOf(given)].toSorted(), [...expected].toSorted());
    });
  }

  it('says of every finding what is wrong, why it matters, and what mends it', () => {
    for (const [given] of Object.values(cases)) {
      for (const { message, why, hint, code } of diagnose(factsOf(given))) {
        for (const text of [message, why, hint]) assert.ok(text.length > 0, code);
        assert.doesNotMatch(`${message} ${why} ${hint}`, /undefined|\[object/, code);
      }
    }
  });

  it('meets every code of its table at least once', () => {
    const met = new Set(Object.values(cases).flatMap(([, expected]) => expected));
    assert.deepEqual(
      Object.keys(doctorProblems).filter((code) => !met.has(code)),
      [],
    );
  });

  it('names file, line and column of the key, errors first', () => {
    const [first] = diagnose(factsOf({ config: v3('', 'config_path = "/etc/certs"') }));
    assert.deepEqual([first?.file, first?.line, first?.column], ['/etc/containerd/config.toml', 5, 1]);
    const ranks = diagnose(factsOf({ version: null, config: null })).map(({ severity }) => severity);
    assert.deepEqual(ranks, ['error', 'warning']);
  });

  it('gives the setting for the version of the file, and the way of the distribution', () => {
    const hintOf = (given: Given): string => diagnose(factsOf(given))[0]?.hint ?? '';
    assert.match(
      hintOf({ version: '1.7.35', config: 'version = 2\n' }),
      /grpc\.v1\.cri".registry\]\nconfig_path = "\/etc\/containerd\/certs\.d"/,
    );
    assert.match(
      hintOf({ config: 'version = 3\n', distribution: 'eks' }),
      /cri\.v1\.images".registry\][\s\S]*NodeConfig/,
    );
  });
});
