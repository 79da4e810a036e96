import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactText } from '../../src/core/redact.ts';
import { shownUrl } from '../../src/core/shown-url.ts';

const mirror = "[host.'http://m.example:5000']\n";

/** Each text holds `planted` where a credential can stand. */
const hidden: Readonly<Record<string, string>> = {
  'a header': `${mirror}[host.'http://m.example:5000'.header]\nX-Token = 'planted'\n`,
  'a header in a file of Windows': `${mirror}[host.'http://m.example:5000'.header]\r\nX-Token = 'planted'\r\n`,
  'a header with its list on several lines': `${mirror}[host.'http://m.example:5000'.header]\nX-Token = [\n  'a', # one\n  'planted',\n]\n`,
  'a header in a long string': `${mirror}[host.'http://m.example:5000'.header]\nX-Token = """\nplanted "quoted" \\"""\nplanted"""\n`,
  'a header in a long literal string': `${mirror}[host.'http://m.example:5000'.header]\nX-Token = '''\nplanted'''\n`,
  'a header behind a line separator': `${mirror}[host.'http://m.example:5000'.header]\nX-Token = 'a\u2028planted'\n`,
  'an inline table': `${mirror}header = { X-Token = ['planted'] }\n`,
  'an inline table with its list on several lines': `${mirror}header = { X-Token = [\n  'planted'\n] }\n`,
  'an inline table in an inline table':
    "[host]\n'http://m.example' = { capabilities = ['pull'], header = { X = 'planted' } }\n",
  'a dotted key': `${mirror}header.X-Token = [\n'planted']\n`,
  'a dotted key of the whole path': "host.'http://m.example'.header.X-Token = 'planted'\n",
  'a table below a header': `[host.'http://m.example'.header.X-Token]\nvalue = 'planted'\n`,
  'a header of the server': "server = 'https://m.example'\n[header]\nX-Token = 'planted'\n",
  'a header that was commented out': `[host.'http://m.example'.header]\n# X-Token = 'planted'\nA = 'b'\n`,
  'an Authorization that was commented out': "# Authorization = 'Basic planted'\n",
  'an Authorization in a sentence': 'it was sent with Authorization: Basic planted\n',
  'a header that never ends': `[host.'http://m.example'.header]\nX-Token = 'planted\n`,
  'a list that never ends': `[host.'http://m.example'.header]\nX-Token = ['planted',\n'planted'\n`,
  'user-info': "[host.'http://me:planted@m.example']\n",
  'user-info with a slash': "[host.'http://me:1a/planted@m.example']\n",
  'a private key': '-----BEGIN EC PRIVATE KEY-----\nplanted\n-----END EC PRIVATE KEY-----\n',
};

describe('what people are shown of a file', () => {
  for (const [name, text] of Object.entries(hidden)) {
    it(`is without the credential in ${name}`, () => {
      const shown = redactText(text);
      assert.doesNotMatch(shown, /planted/);
      assert.match(shown, /redacted/);
    });
  }

  it('is all the rest, as it stands', () => {
    const before = "# mine\n[host.'http://m.example:5000']\ncapabilities = ['pull']\n";
    const after = "[host.'http://[fd00::1]:5000/header/a@b']\nca = [\n'ca.crt'\n]\ndial_timeout = '1s'\n";
    const header = "[host.'http://m.example:5000'.header]\nX-Token = [\n'secret',\n]\n";
    const shown = redactText(`${before}${header}${after}`);
    assert.equal(shown, `${before}[host.'http://m.example:5000'.header]\nX-Token = '(redacted)'\n${after}`);
    assert.equal(redactText(before + after), before + after);
  });

  it('is a URL without user-info, query and fragment, whether it can be read or not', () => {
    assert.equal(shownUrl('http://me:planted@m.example/v2?planted#planted'), 'http://m.example/v2');
    assert.equal(shownUrl('http://me:pl/anted@m.example?planted'), 'http://m.example');
    assert.equal(shownUrl('me:planted@m.example'), 'm.example');
  });
});
