import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createLog, type LogLevel } from '../../src/io/log.ts';

const collect = (level: LogLevel = 'info') => {
  const lines: string[] = [];
  const log = createLog({ level, write: (line) => lines.push(line) });
  const records = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, records };
};

const module = JSON.stringify(new URL('../../src/io/log.ts', import.meta.url).href);

describe('createLog', () => {
  it('keeps lines until the logger is loaded, with the times they were said', async () => {
    const { log, lines, records } = collect();
    const before = Date.now();
    log.info({ path: 'a' }, 'one');
    log.child({ registry: 'quay.io' }).warn({ path: 'b' }, 'two');
    assert.deepEqual(lines, []);
    const said = Date.now();
    await log.start();
    log.error({}, 'three');
    await log.start();
    const [one, two, three] = records();
    assert.deepEqual({ ...one, time: '' }, { level: 'info', time: '', path: 'a', msg: 'one' });
    assert.deepEqual({ ...two, time: '' }, { level: 'warn', time: '', registry: 'quay.io', path: 'b', msg: 'two' });
    assert.deepEqual({ ...three, time: '' }, { level: 'error', time: '', msg: 'three' });
    const time = Date.parse(String(one?.['time']));
    assert.ok(time >= before && time <= said);
    assert.equal(lines.length, 3);
  });

  it('does not load the logger before it is started', () => {
    const script = `
      const { createLog } = await import(${module});
      const { createRequire } = await import('node:module');
      const loaded = () => Object.keys(createRequire(${module}).cache).some((file) => file.includes('/pino/'));
      const log = createLog({ level: 'info' });
      log.info({}, 'hello');
      const before = loaded();
      await log.start();
      console.log(before, loaded());`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.equal(out, 'false true\n');
  });

  it('writes what waits by hand when the end comes first, once', () => {
    const { log, records } = collect();
    log.info({ path: 'a' }, 'one');
    log.flush();
    log.flush();
    assert.deepEqual(
      records().map(({ level, path, msg }) => ({ level, path, msg })),
      [{ level: 'info', path: 'a', msg: 'one' }],
    );
  });

  it('leaves out what is below its level', async () => {
    const { log, records } = collect('warn');
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    await log.start();
    log.info({}, 'd');
    log.error({}, 'e');
    assert.deepEqual(
      records().map(({ msg }) => msg),
      ['c', 'e'],
    );
    const silent = collect('silent');
    silent.log.error({}, 'x');
    await silent.log.start();
    silent.log.error({}, 'x');
    assert.deepEqual(silent.lines, []);
  });

  it('cuts credentials out of fields, bindings, errors and texts, before and after the start', async () => {
    const { log, lines } = collect();
    const say = (): void => {
      const child = log.child({ deep: { Authorization: 'hunter2' } });
      child.info({ a: [{ b: { headers: { x: 'hunter2' }, 'Proxy-Authorization': 'hunter2' } }] }, 'x');
      child.info({ bytes: "Authorization = 'Basic aHVudGVyMjpodW50ZXIy'" }, 'Bearer hunter2.hunter2');
      child.warn({ err: new Error('GET http://me:hunter2@host/v2/ failed') }, 'x');
      child.warn({ apiToken: 'hunter2', clientSecret: 'hunter2', password: 'hunter2', private_key: 'hunter2' }, 'x');
      child.warn({ circle: {} }, 'fields stay');
    };
    say();
    log.flush();
    say();
    await log.start();
    say();
    assert.equal(lines.length, 15);
    for (const line of lines) assert.doesNotMatch(line, /hunter2|aHVudGVyMjpodW50ZXIy/);
    assert.match(lines.join(''), /http:\/\/\[redacted\]@host\/v2\/ failed/);
  });

  it('survives circles and a standard error that is full or closed', () => {
    const script = `
      const { createLog } = await import(${module});
      const log = createLog({ level: 'info' });
      const circle = {}; circle.circle = circle;
      log.info({ circle }, 'before');
      await log.start();
      log.info({ circle }, 'after');
      console.log('alive');`;
    const run = (redirect: string) =>
      spawnSync('sh', ['-c', `exec "$0" --input-type=module -e "$1" ${redirect}`, process.execPath, script], {
        encoding: 'utf8',
      });
    for (const redirect of ['2>/dev/full', '2>&-', '2>/dev/null']) assert.equal(run(redirect).stdout, 'alive\n');
  });

  it('is readable for people when asked', () => {
    const script = `
      const { createLog } = await import(${module});
      const log = createLog({ level: 'info', pretty: true });
      await log.start();
      log.info({ path: 'a' }, 'hello');`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.match(stderr, /INFO.*hello/);
  });
});
