import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goQuote } from '../../../src/core/containerd/go-quote.ts';

test('a path is quoted as in an error of containerd', () => {
  assert.equal(goQuote('/etc/ca.crt'), '"/etc/ca.crt"');
  assert.equal(goQuote('a"b\\\n\t\u0001\u007f'), '"a\\"b\\\\\\n\\t\\x01\\x7f"');
  assert.equal(goQuote('é\u200b\u00a0😀\u{e0001}'), '"é\\u200b\\u00a0😀\\U000e0001"');
});
