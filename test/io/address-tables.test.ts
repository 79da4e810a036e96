import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createAddressTables, type Family, familiesOf } from '../../src/io/address-tables.ts';
import { directoryFor } from '../support/directory.ts';

const tables = (t: TestContext, families: readonly Family[] = ['v4', 'v6']) => {
  const dir = directoryFor(t);
  const [v4, v6] = [join(dir, 'v4'), join(dir, 'v6')];
  return { v4, v6, mayHaveChanged: createAddressTables(families, { v4, v6 }) };
};

describe('the tables of addresses', () => {
  it('are quiet while their bytes are the same, and tell each change once', (t) => {
    const { v4, v6, mayHaveChanged } = tables(t);
    writeFileSync(v4, '10.0.0.5 LOCAL\n');
    writeFileSync(v6, 'fd00::5\n');
    const after = (change?: () => void): readonly boolean[] => {
      change?.();
      return [mayHaveChanged(), mayHaveChanged()];
    };
    assert.deepEqual(after(), [true, false]);
    assert.deepEqual(
      after(() => writeFileSync(v4, '10.0.0.6 LOCAL\n')),
      [true, false],
    );
    assert.deepEqual(
      after(() => writeFileSync(v6, 'fd00::6\n')),
      [true, false],
    );
    assert.deepEqual(
      after(() => writeFileSync(v6, 'fd00::6\nfd00::7\n')),
      [true, false],
    );
    assert.deepEqual(
      after(() => writeFileSync(v6, '')),
      [true, false],
    );
    assert.deepEqual(
      after(() => writeFileSync(v4, '')),
      [true, false],
    );
  });

  it('are those of IPv4 where the kernel knows no IPv6', (t) => {
    const { v4, mayHaveChanged } = tables(t);
    writeFileSync(v4, '10.0.0.5 LOCAL\n');
    assert.deepEqual([mayHaveChanged(), mayHaveChanged()], [true, false]);
  });

  it('are those of the families that are asked for', (t) => {
    for (const family of ['v4', 'v6'] as const) {
      const { v4, v6, mayHaveChanged } = tables(t, [family]);
      const [own, other] = family === 'v4' ? [v4, v6] : [v6, v4];
      writeFileSync(own, 'one\n');
      assert.deepEqual([mayHaveChanged(), mayHaveChanged()], [true, false]);
      writeFileSync(other, 'one\n');
      assert.equal(mayHaveChanged(), false);
      writeFileSync(own, 'two\n');
      assert.deepEqual([mayHaveChanged(), mayHaveChanged()], [true, false]);
    }
  });

  it('are those of both families without a given address, else of the families of the given ones', () => {
    assert.deepEqual(familiesOf([]), ['v4', 'v6']);
    assert.deepEqual(familiesOf(['10.0.0.5']), ['v4']);
    assert.deepEqual(familiesOf(['fd00::5', 'fd00::6']), ['v6']);
    assert.deepEqual(familiesOf(['fd00::5', '10.0.0.5']), ['v4', 'v6']);
  });

  it('can always have changed where there are none, until there are', (t) => {
    const { v4, v6, mayHaveChanged } = tables(t);
    writeFileSync(v6, 'fd00::5\n');
    assert.deepEqual([mayHaveChanged(), mayHaveChanged()], [true, true]);
    writeFileSync(v4, '10.0.0.5 LOCAL\n');
    assert.deepEqual([mayHaveChanged(), mayHaveChanged()], [true, false]);
  });

  it('can always have changed where they are very long', (t) => {
    const { v4, v6, mayHaveChanged } = tables(t);
    writeFileSync(v4, 'x'.repeat(200_000));
    writeFileSync(v6, '');
    assert.deepEqual([mayHaveChanged(), mayHaveChanged(), mayHaveChanged()], [true, true, true]);
  });

  it('are those of the kernel unless told', () => {
    const mayHaveChanged = createAddressTables(['v4', 'v6']);
    assert.equal(mayHaveChanged(), true);
  });
});
