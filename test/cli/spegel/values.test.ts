import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { enabled, enter, json, ourValues } from './world.ts';

describe('spegel values and manifest', () => {
  it('print YAML alone, and problems on standard error', async (t) => {
    const config = 'cluster: {addon: {spegel: {helm_values: {spegel: {resolveTags: false, logLevel: null}}}}}\n';
    const { run } = await enter(t, { config });
    const { code, out, error } = await run('values');
    assert.equal(code, 0);
    assert.deepEqual((parse(out) as typeof ourValues).spegel, { ...ourValues.spegel, resolveTags: false });
    assert.match(error, /warning helm-values-null .*spegel\.logLevel/);
    assert.deepEqual(json((await run('values', '--json')).out), parse(out));
  });

  it('refuse a chart and directories that are none, and name the command that has the flags', async (t) => {
    const { run } = await enter(t, {});
    for (const [flag, value] of [
      ['--chart', 'ftp://charts.internal/spegel'],
      ['--certs-dir', 'certs.d'],
      ['--chrat', 'x'],
    ] as const) {
      const { code, out, error } = await run('values', flag, value);
      assert.deepEqual([code, out], [2, ''], error);
      assert.ok(error.includes(flag), error);
      assert.match(error, /Try "handspegel spegel values --help"\.\n$/);
    }
    const { code, error } = await run('apply', '--timeout', '5x', '--helm', '/nowhere/helm');
    assert.equal(code, 2);
    assert.match(error, /--timeout takes a duration/);
  });

  it('say that the API server is not reached, and where it is named', async (t) => {
    const { run } = await enter(t, {});
    const { code, out, error } = await run('plan', '--api-server', 'http://127.0.0.1:1');
    assert.deepEqual([code, out], [1, ''], error);
    assert.match(error, /the API server is not reached: .*127\.0\.0\.1:1\. Say where it is: .*--api-server/);
  });

  it('keep nodes out that are named', async (t) => {
    const { run } = await enter(t, {});
    for (const command of ['values', 'manifest'] as const) {
      const more = command === 'manifest' ? ['--for', 'helmfile'] : [];
      assert.match(
        (await run(command, ...more, '--runtime', 'a=containerd,b=cri-o')).out,
        /operator: NotIn\n +values:\n +- b\n/,
      );
    }
  });

  it('say whether Spegel is wanted', async (t) => {
    const { run } = await enter(t, { config: enabled(false) });
    assert.match((await run('values')).error, /warning spegel-not-wanted .*cluster\.addon\.spegel\.enabled is false/);
    assert.match(
      (await run('manifest', '--for', 'flux')).out,
      /^# No Spegel: cluster\.addon\.spegel\.enabled is false\. .*\n$/,
    );
  });
});
