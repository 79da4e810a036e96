import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createWatch } from '../../src/kubernetes/client.ts';
import { type WatchTimes, watchConfigMap } from '../../src/kubernetes/watch-config-map.ts';
import { until } from '../e2e/support/until.ts';
import { type PlayedWatch, playApiServer } from '../support/played-api-server.ts';

const mapOf = (version: number, text = `v${version}`, uid = 'u1') => ({
  metadata: { name: 'hs', uid, resourceVersion: String(version) },
  data: { 'config.yaml': text },
});
const bookmark = (version: number) => ({ metadata: { resourceVersion: String(version) } });
const statusOf = (code: number, message: string) => ({ kind: 'Status', code, message });

const quick: Partial<WatchTimes> = { pause: 2, spread: 4, longestPause: 20, longestRefusedPause: 40, worthSaying: 0 };

/** Watches until the test ends; `heard` is what the agent would see, in order. */
const watch = async (
  t: TestContext,
  play: (watch: PlayedWatch, turn: number) => void,
  times: Partial<WatchTimes> = {},
) => {
  const server = await playApiServer(t, play);
  const stop = new AbortController();
  const heard: string[] = [];
  const said: string[] = [];
  const running = watchConfigMap(
    createWatch(),
    { namespace: 'spiegel', name: 'hs', random: () => 0.5, times: { ...quick, ...times } },
    {
      tell: (object) =>
        heard.push(object === undefined ? 'none' : (object as ReturnType<typeof mapOf>).data['config.yaml']),
      fares: (connected, why) => heard.push(connected ? 'connected' : `away: ${why}`),
      cameBack: () => heard.push('came back'),
      report: (message) => said.push(message),
    },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await running;
  });
  const has = (...what: readonly string[]) =>
    until(what.join(), () => what.every((one) => heard.includes(one)), {
      otherwise: () =>
        `${heard.join('\n')}\n${said.join('\n')}\n${server.asked.map((one) => JSON.stringify(one.query)).join('\n')}`,
    });
  const asks = (count: number) => until(`${count} requests`, () => server.asked.length >= count);
  return { server, heard, said, has, asks };
};

const from = ({ query }: PlayedWatch): string | undefined => query['resourceVersion'];

describe('the watch on the ConfigMap', () => {
  it('asks once, for this ConfigMap alone, with bookmarks, for an hour at least, and tells what there is', async (t) => {
    const { server, heard, has } = await watch(t, (one) => one.send('ADDED', mapOf(7)));
    await has('v7', 'connected');
    const [first] = server.asked;
    assert.equal(first?.path, '/api/v1/namespaces/spiegel/configmaps');
    assert.deepEqual(first?.query, {
      watch: 'true',
      fieldSelector: 'metadata.name=hs',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '5400',
    });
    assert.equal(first?.token, 'first');
    assert.deepEqual(heard, ['v7', 'connected']);
  });

  it('tells each change in order, and that it was deleted, and made again with another UID', async (t) => {
    const { heard, has } = await watch(t, (one) => {
      one.send('ADDED', mapOf(1));
      one.send('MODIFIED', mapOf(2));
      one.send('DELETED', mapOf(3, 'v2'));
      one.send('BOOKMARK', bookmark(4));
      one.send('ADDED', mapOf(5, 'again', 'u2'));
    });
    await has('again');
    assert.deepEqual(heard, ['v1', 'connected', 'v2', 'none', 'again']);
  });

  it('knows by the first bookmark that there is no ConfigMap', async (t) => {
    const { heard, has } = await watch(t, (one) => one.send('BOOKMARK', bookmark(9)));
    await has('connected');
    assert.deepEqual(heard, ['none', 'connected']);
  });

  it('goes on from the last version after an orderly end, without a list and without a word', async (t) => {
    const { server, heard, said, asks } = await watch(t, (one, turn) => {
      if (turn === 1) one.send('ADDED', mapOf(3));
      one.send('BOOKMARK', bookmark(10 + turn));
      if (turn < 4) one.end();
    });
    await asks(4);
    assert.deepEqual(server.asked.map(from), [undefined, '11', '12', '13']);
    assert.deepEqual(heard, ['v3', 'connected']);
    assert.deepEqual(said, ['ConfigMap spiegel/hs is watched']);
  });

  it('asks at once again when a watch ends at its time, and only then', async (t) => {
    const ends = (one: PlayedWatch): void => {
      one.send('ADDED', mapOf(3));
      setTimeout(one.end, Number(one.query['timeoutSeconds']) * 1_000);
    };
    // A pause of minutes: without it the second request comes at once.
    const { asks } = await watch(t, (one, turn) => (turn === 1 ? ends(one) : one.open()), {
      lasts: 1_000,
      spread: 600_000,
      longestPause: 600_000,
    });
    await asks(2);
  });

  it('makes one request in a quiet hour: an hour of bookmarks, one a minute, in milliseconds', async (t) => {
    let bookmarks = 0;
    const { server } = await watch(
      t,
      (one) => {
        one.send('ADDED', mapOf(1));
        const timer = setInterval(() => {
          bookmarks += 1;
          one.send('BOOKMARK', bookmark(bookmarks));
        }, 10);
        t.after(() => clearInterval(timer));
      },
      { silence: 2_000 },
    );
    await until('60 bookmarks', () => bookmarks >= 60);
    assert.equal(server.asked.length, 1);
  });

  it('takes silence for a dead connection, begins anew, and says that it was an outage', async (t) => {
    const { server, heard, said, has } = await watch(t, (one, turn) => one.send('ADDED', mapOf(turn)), {
      silence: 100,
    });
    await has('v1', 'v2', 'came back');
    assert.deepEqual(heard.slice(0, 5), ['v1', 'connected', 'away: the connection is dead', 'came back', 'v2']);
    assert.deepEqual(server.asked.map(from).slice(0, 2), [undefined, undefined]);
    assert.match(said[1] ?? '', /is not watched, changes come by its mount: the connection is dead/);
    assert.equal(said[2], 'ConfigMap spiegel/hs is watched');
  });

  it('gives up an API server that takes the request and never answers', async (t) => {
    const { has } = await watch(t, (one, turn) => turn > 1 && one.send('ADDED', mapOf(2)), { answer: 50 });
    await has('away: no answer', 'came back', 'v2');
  });

  it('begins anew after 410, as an answer and as an event, which is no outage', async (t) => {
    const { server, heard, has } = await watch(t, (one, turn) => {
      if (turn === 2) return one.refuse(410);
      if (turn === 3) one.send('ADDED', mapOf(30));
      if (turn !== 4 && turn !== 3) one.send('ADDED', mapOf(turn));
      if (turn === 4) one.send('ERROR', statusOf(410, 'too old resource version: 1 (2)'));
      if (turn < 5) one.end();
    });
    await has('v5');
    assert.deepEqual(server.asked.map(from), [undefined, '1', undefined, '30', undefined]);
    assert.deepEqual(heard, ['v1', 'connected', 'v30', 'v5']);
  });

  it('takes what the API server has in its cache where etcd is too old for more: 504', async (t) => {
    const { server, heard, has } = await watch(t, (one, turn) => {
      if (turn === 1) {
        one.send('ERROR', statusOf(504, 'Timeout: Too large resource version: 9, current: 8'));
        one.end();
      } else one.send('ADDED', mapOf(turn));
    });
    await has('v2');
    assert.deepEqual(server.asked.map(from), [undefined, '0']);
    assert.deepEqual(heard, ['v2', 'connected']);
  });

  it('takes nothing older out of such a cache', async (t) => {
    const { heard, has } = await watch(t, (one, turn) => {
      if (turn === 1) one.send('ADDED', mapOf(20));
      if (turn === 1) one.send('ERROR', statusOf(410, 'gone'));
      if (turn === 2) one.send('ERROR', statusOf(504, 'Too large resource version'));
      if (turn < 3) return one.end();
      one.send('ADDED', mapOf(19));
      one.send('MODIFIED', mapOf(21));
    });
    await has('v21');
    assert.deepEqual(heard, ['v20', 'connected', 'v21']);
  });

  it('survives an ERROR event of any code, and what is no event at all', async (t) => {
    const codes = [400, 403, 404, 429, 500, 503, 599];
    const { said, has } = await watch(t, (one, turn) => {
      const code = codes[turn - 1];
      if (code === undefined) return one.send('ADDED', mapOf(turn));
      one.send('ERROR', turn % 2 === 0 ? statusOf(code, `trouble ${code}`) : { odd: code });
      one.end();
    });
    await has('v8');
    assert.ok(said.some((one) => one.includes('trouble 403')));
  });

  it('survives a broken line, half a line, a null and a connection that breaks: nothing is missed', async (t) => {
    const { server, heard, has } = await watch(t, (one, turn) => {
      if (turn === 1) {
        one.send('ADDED', mapOf(1));
        one.raw('{"type":"MODIFIED","object":{{{\n\n[]\nnull\n{"type":"MODIFIED"}\n');
        one.send('MODIFIED', mapOf(2));
        one.raw('{"type":"MODIFIED","object":{"metadata"');
      } else one.send('MODIFIED', mapOf(3));
    });
    await has('v2');
    server.asked[0]?.reset();
    await has('v3');
    assert.equal(from(server.asked[1] as PlayedWatch), '2');
    assert.deepEqual(heard, ['v1', 'connected', 'v2', 'v3'], 'one broken connection is no outage');
  });

  it('says once that it has no right, and finds out when it has', async (t) => {
    const { said, has } = await watch(t, (one, turn) => (turn < 5 ? one.refuse(403) : one.send('ADDED', mapOf(5))));
    await has('v5');
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /is not watched.*403 Forbidden: see the rights in the chart/);
    assert.equal(said[1], 'ConfigMap spiegel/hs is watched');
  });

  it('asks with the token that the file holds now: after 401, and with each watch', async (t) => {
    const { server, has } = await watch(t, (one, turn) => {
      if (turn === 1) {
        server.rotate('second');
        return one.refuse(401);
      }
      one.send('ADDED', mapOf(turn));
      if (turn === 2) {
        server.rotate('third');
        one.end();
      }
    });
    await has('v2', 'v3');
    assert.deepEqual(
      server.asked.map(({ token }) => token),
      ['first', 'second', 'third'],
    );
  });

  it('tries again while nobody listens, and says when it is back', async (t) => {
    const { server, heard, has } = await watch(t, (one, turn) => one.send('ADDED', mapOf(turn)));
    await has('v1');
    server.stop();
    await until('it is away', () => heard.some((one) => one.startsWith('away: connect ECONNREFUSED')));
    await server.start();
    await has('came back', 'v2');
    assert.equal(from(server.asked[1] as PlayedWatch), undefined);
  });

  it('stops at once, also while it waits for an answer', async (t) => {
    const server = await playApiServer(t, () => undefined);
    const stop = new AbortController();
    const hooks = { tell: () => undefined, fares: () => undefined, cameBack: () => undefined, report: () => undefined };
    const running = watchConfigMap(createWatch(), { namespace: 'a', name: 'b' }, hooks, stop.signal);
    await until('it asks', () => server.asked.length === 1);
    stop.abort();
    await running;
  });
});
