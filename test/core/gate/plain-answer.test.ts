import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgeAnswer } from '../../../src/core/gate/judge-answer.ts';
import { type PlainAnswer, readPlainAnswer } from '../../../src/core/gate/plain-answer.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const read = (text: string): PlainAnswer => readPlainAnswer(bytesOf(text));
const head = (...lines: readonly string[]): string => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;

describe('a plain answer', () => {
  it('is read as Spegel and registries give it', () => {
    const spegel = 'HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: 0\r\n\r\n';
    assert.deepEqual(read(spegel), {
      kind: 'whole',
      answer: { status: 200, type: '', body: bytesOf(''), complete: true },
      keepsAlive: true,
    });
    const harbor =
      'HTTP/1.1 401 Unauthorized\r\ncontent-type:application/json \r\nConnection: Close\r\nContent-Length: 2\r\n\r\n{}';
    assert.deepEqual(read(harbor), {
      kind: 'whole',
      answer: { status: 401, type: 'application/json', body: bytesOf('{}'), complete: true },
      keepsAlive: false,
    });
  });

  it('is judged as any other: a web page is wrong', () => {
    const page = read(`${head('Content-Type: text/plain', 'Content-Length: 15')}<!doctype html>`);
    assert.equal(page.kind === 'whole' && judgeAnswer(page.answer).kind, 'wrong');
  });

  it('is not whole before its last byte, and its status is known once its head is', () => {
    const text = `${head('Content-Length: 7')}{"a":1}`;
    const headLength = text.indexOf('{');
    fc.assert(
      fc.property(fc.nat(text.length - 1), (length) => {
        const status = length < headLength ? undefined : 200;
        const bytes = length < headLength ? length + 1 : text.length;
        assert.deepEqual(read(text.slice(0, length)), { kind: 'more', status, bytes });
      }),
    );
  });

  for (const [what, text] of [
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['HTTP/1.0, which ends with its connection', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['an interim answer', 'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n'],
    ['a redirect', 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'],
    ['no content', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}'],
    ['a body of unknown length', head()],
    ['a body in chunks', `${head('Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['both', `${head('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`],
    ['two lengths', `${head('Content-Length: 1', 'Content-Length: 2')}{}`],
    ['a length that is no number', `${head('Content-Length: +2')}{}`],
    ['a body over a mebibyte', head('Content-Length: 1048577')],
    ['more than its length', `${head('Content-Length: 2')}{}.`],
    ['a folded header', `${head('X-A: b', ' c', 'Content-Length: 0')}`],
    ['a header with a control character', `${head('X-A: b\0', 'Content-Length: 0')}`],
    ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(8_192)}`],
  ] as const) {
    it(`is left to a whole HTTP client when it is ${what}`, () => assert.deepEqual(read(text), { kind: 'other' }));
  }

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readPlainAnswer(bytes)));
    const pieces = fc.constantFrom(
      'HTTP/1.1 ',
      '200',
      ' OK',
      '\r\n',
      '\r\n\r\n',
      'Content-Length',
      ': ',
      '0',
      '7',
      '{}',
      'Connection: close',
    );
    fc.assert(fc.property(fc.array(pieces), (parts) => void read(parts.join(''))));
  });
});
