import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/core/config/config.ts';
import { bareRelease, withoutRelease, withRelease } from '../../../src/core/config/release-field.ts';

const releases = (text: string): boolean => parseConfig(text, 'c.yaml').config?.settings.release === true;

const good = {
  empty: '',
  'empty map': '{}\n',
  'with comments': '# mine\nextensions: {} # none\n',
  'with settings': 'handspegel:\n  # slow here\n  gate: observe\n',
  'with null settings': 'handspegel:\n',
  'with the field off': 'handspegel:\n  release: false\n',
  'under kublrAgentConfig': 'kublrAgentConfig:\n  handspegel:\n    gate: off\n',
  'a cluster specification': 'spec:\n  kublrAgentConfig:\n    cluster: {}\n',
  'a specification with null': 'spec:\n  kublrAgentConfig:\n',
};

for (const [name, text] of Object.entries(good)) {
  test(`a configuration (${name}) gets the field and loses it again`, () => {
    const released = withRelease(text);
    assert.equal(releases(released), true, released);
    assert.equal(withRelease(released), released);
    const back = withoutRelease(released);
    assert.equal(back !== undefined && releases(back), false);
    assert.deepEqual(parseConfig(back ?? '', 'c').config?.settings, parseConfig(text, 'c').config?.settings);
  });
}

test('comments are kept, and templates stay as they are, however long their lines', () => {
  const template = `{{ .config.node_address_ip }}:30020'] # ${'long '.repeat(40)}`;
  const text = `# why we do this
extensions:
  e:
    path: templates/root_dir/etc/containerd/certs.d/a.io/hosts.toml
    content: |
      [host.'http://${template}
`;
  const released = withRelease(text);
  assert.equal(released, `${text}handspegel:\n  release: true\n`);
  assert.equal(withoutRelease(released), text);
});

for (const [name, text] of Object.entries({
  'no YAML': 'a: [',
  'refused by the agents': 'handspegel:\n  gate: maybe\n',
  'a list': '- a\n',
  'settings that are an alias': 'a: &a {gate: off}\nhandspegel: *a\n',
})) {
  test(`a configuration that no agent would take (${name}) is stood in for`, () => {
    assert.equal(withRelease(text), bareRelease);
    assert.equal(releases(bareRelease), true);
  });
}
