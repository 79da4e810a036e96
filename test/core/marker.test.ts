import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { composeFile, type MarkedFile, readMarked, standInReasons } from '../../src/core/marker.ts';
import { sha256 } from '../../src/io/disk/hash.ts';

const bytes = fc.uint8Array({ maxLength: 400 });
const tricky = fc
  .constantFrom('# handspegel-carries mode=0644 uid=0 gid=0 body=0\n', '# handspegel 1 sha256=x\n', '\n', '')
  .map((text) => new TextEncoder().encode(text));
const rights = fc.record({ mode: fc.nat(0o7777), uid: fc.nat(), gid: fc.nat() });

const file: fc.Arbitrary<MarkedFile> = fc
  .record({
    source: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('extension:a b=c\n')),
    body: fc
      .oneof(
        bytes,
        tricky,
        fc.tuple(bytes, tricky).map(([a, b]) => Uint8Array.from([...a, ...b])),
      )
      .filter((body) => body.length > 0),
    standIn: fc.option(
      fc.record({
        reason: fc.constantFrom(...standInReasons),
        spegel: fc
          .tuple(rights, fc.oneof(bytes, tricky))
          .map(([attributes, content]) => ({ ...attributes, bytes: content })),
      }),
      { nil: undefined },
    ),
    companions: fc.option(
      fc
        .dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constant('ab12'), { minKeys: 1, maxKeys: 3 })
        .map((sums) => new Map(Object.entries(sums))),
      { nil: undefined },
    ),
  })
  .map(({ source, body, standIn, companions }) => ({
    source,
    body,
    ...(standIn === undefined ? {} : { standIn }),
    ...(companions === undefined ? {} : { companions }),
  }));

describe('the marker', () => {
  it('gives back whatever was composed, any bytes, any names', () => {
    fc.assert(
      fc.property(file, (given) => {
        const marked = readMarked(composeFile(given, '1.2.3', sha256), sha256);
        assert.ok(marked?.intact);
        assert.equal(marked.version, '1.2.3');
        assert.equal(marked.source, given.source.toWellFormed());
        assert.deepEqual(marked.body, given.body);
        assert.deepEqual(marked.standIn, given.standIn === undefined ? undefined : { ...given.standIn });
        assert.deepEqual(marked.companions, given.companions);
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it("is one comment line before the user's bytes, and what is carried are comment lines", () => {
    fc.assert(
      fc.property(file, (given) => {
        const text = new TextDecoder('latin1').decode(composeFile(given, '1', sha256));
        const body = new TextDecoder('latin1').decode(given.body);
        const end = text.indexOf('\n') + 1;
        assert.match(text.slice(0, end), /^# handspegel 1 [ -~]*\n$/);
        assert.equal(text.slice(end, end + body.length), body);
        assert.match(text.slice(end + body.length), /^(?:\n?(?:# handspegel-carries [ -~]*\n)+)?$/);
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it('tells when anything after it was changed, and then trusts nothing that it carries', () => {
    fc.assert(
      fc.property(file, fc.nat(), (given, at) => {
        const whole = composeFile(given, '1', sha256);
        const from = whole.indexOf(10) + 1;
        const place = from + (at % (whole.length - from));
        const changed = whole.with(place, (whole[place] ?? 0) ^ 1);
        const marked = readMarked(changed, sha256);
        assert.equal(marked?.intact, false);
        assert.equal(marked.standIn, undefined);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('is not seen in other files', () => {
    for (const text of ['', '#', '# handspegel', 'x\n# handspegel 1 sha256=\n', '#handspegel 1 \n']) {
      assert.equal(readMarked(new TextEncoder().encode(text), sha256), undefined, text);
    }
  });

  it('is left out of a file of 0 bytes', () => {
    assert.equal(composeFile({ source: 's', body: new Uint8Array() }, '1', sha256).length, 0);
  });
});
