import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  modelledVersions,
  parseContainerdVersion,
  rulesOf,
  versionNumber,
} from '../../../src/core/containerd/containerd-version.ts';

const number = (text: string): string | undefined => {
  const version = parseContainerdVersion(text);
  return version === undefined ? undefined : versionNumber(version);
};

const rules = (text: string) => {
  const version = parseContainerdVersion(text);
  assert.ok(version !== undefined);
  return rulesOf(version);
};

test('a version is read however nodes, packages and distributions write it', () => {
  assert.equal(number('1.6.20~ds1'), '1.6.20');
  assert.equal(number('containerd://2.2.9'), '2.2.9');
  assert.equal(number('v2.1.0-k3s1'), '2.1.0');
  assert.equal(number('1.7.12-0ubuntu4'), '1.7.12');
  assert.equal(number('2.0'), '2.0.0');
  assert.equal(number('2.0.0-rc.1'), '2.0.0');
  assert.equal(number('containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da'), '1.7.27');
  assert.equal(number('containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1+b1'), '1.6.20');
});

test('another runtime or no version is undefined', () => {
  for (const text of ['', 'cri-o://1.30.0', 'docker://24.0.7', 'latest', '2', '1.2.3.4', '1.2.']) {
    assert.equal(number(text), undefined, text);
  }
});

test('the switches turn at their release', () => {
  assert.equal(rules('1.6.16').defaultDirectory, false);
  assert.equal(rules('1.6.17').defaultDirectory, true);
  assert.equal(rules('1.6.39').needsHostTable, true);
  assert.equal(rules('1.7.31').needsHostTable, true);
  assert.equal(rules('1.7.32').needsHostTable, false);
  assert.equal(rules('2.0.6').dialTimeout, false);
  assert.equal(rules('2.0.7').dialTimeout, true);
  assert.equal(rules('2.0.11').dialTimeoutIsTls, true);
  assert.equal(rules('2.1.0').dialTimeoutIsTls, false);
  assert.equal(rules('2.1.9').referrers, false);
  assert.equal(rules('2.2.0').referrers, true);
  assert.equal(rules('1.6.24').httpsFirst, 'never');
  assert.equal(rules('1.6.39').httpsFirst, 'with-port');
  assert.equal(rules('1.7.6').httpsFirst, 'never');
  assert.equal(rules('1.7.24').httpsFirst, 'always');
  assert.equal(rules('1.6.8').localhost, 'https');
  assert.equal(rules('1.7.0').localhost, 'http');
  assert.equal(rules('1.7.8').localhost, 'https-first');
});

test('each branch has its TOML library, and unknown branches the nearest', () => {
  const libraries = modelledVersions.map((version) => rulesOf(version).library);
  const two = 'go-toml-2.2';
  assert.deepEqual(libraries, ['go-toml-1', 'go-toml-1', two, two, two, 'go-toml-2.3', 'go-toml-2.4']);
  assert.equal(rules('1.4.0').library, 'go-toml-1');
  assert.equal(rules('2.9.0').branch, '2.4');
  assert.equal(rules('3.0.0').branch, '2.4');
});
