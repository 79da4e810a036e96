import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ClusterEvent, eventOfProblem, eventOfRecord } from '../../src/core/cluster-event.ts';
import type { Api } from '../../src/kubernetes/api-request.ts';
import { createNodeEvents } from '../../src/kubernetes/node-events.ts';

const record = (event: string, detail: string, path?: string) => ({
  at: '2026-11-23T00:00:00.000Z',
  event,
  detail,
  ...(path === undefined ? {} : { path }),
});

describe('what the cluster is told', () => {
  it('phase changes, the worrying ones as warnings with what to do', () => {
    assert.deepEqual(eventOfRecord(record('phase', "bootstrap -> spegel: _default/hosts.toml is Spegel's")), {
      type: 'Normal',
      reason: 'PhaseSpegel',
      note: "bootstrap -> spegel: _default/hosts.toml is Spegel's",
    });
    const withdrawn = eventOfRecord(record('phase', 'spegel -> withdrawn: _default/hosts.toml: it hangs'));
    assert.equal(withdrawn?.type, 'Warning');
    assert.match(withdrawn?.note ?? '', /it hangs\. Pulls go on without Spegel's mirrors; look at/);
  });

  it('deadly files and alarms, and nothing of the daily work', () => {
    const deadly = eventOfRecord(record('deadly', 'it kills containerd 1.6.20', 'quay.io/hosts.toml'));
    assert.match(`${deadly?.reason} ${deadly?.note}`, /^DeadlyFile quay\.io\/hosts\.toml: it kills .*quarantine/);
    for (const event of ['write:bootstrap', 'put-back:preserved', 'spegel-done']) {
      assert.equal(eventOfRecord(record(event, 'x')), undefined);
    }
  });

  it('errors of a configuration with place and remedy, no warnings', () => {
    const problem = {
      code: 'config-type',
      severity: 'error',
      message: 'no',
      hint: 'Do it.',
      file: 'a.yaml',
      line: 3,
    } as const;
    assert.deepEqual(eventOfProblem(problem), {
      type: 'Warning',
      reason: 'ConfigurationRefused',
      note: 'a.yaml:3: no (config-type). Do it.',
    });
    assert.equal(eventOfProblem({ ...problem, severity: 'warning' }), undefined);
    assert.equal(eventOfProblem({ ...problem, code: 'mirror-not-allowed' })?.reason, 'MirrorNotAllowed');
  });

  it('never more than the API takes', () => {
    for (const text of ['x'.repeat(5_000), 'ü'.repeat(5_000), '😀'.repeat(3_000), '\ud800'.repeat(2_000)]) {
      const note = eventOfRecord(record('alarm', text))?.note ?? '';
      assert.ok(new TextEncoder().encode(note).length <= 1_024);
    }
  });
});

describe('events of a node', () => {
  const event = (note: string, reason = 'PhaseSpegel'): ClusterEvent => ({ type: 'Normal', reason, note });
  const open = (t: TestContext, fails: (method: string) => boolean = () => false) => {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const asked: { readonly method: string; readonly path: string; readonly body: unknown }[] = [];
    const said: string[] = [];
    let wake = (): void => undefined;
    const api: Api = async (method, path, body) => {
      asked.push({ method, path, body });
      wake();
      if (fails(method)) throw new Error('connect ECONNREFUSED');
      return {};
    };
    const tell = createNodeEvents(api, {
      node: 'n1',
      instance: 'pod',
      wall: () => new Date(0),
      report: (message) => said.push(message),
      signal: stop.signal,
      everyMs: 100,
      spreadMs: 1,
    });
    const until = async (count: number): Promise<void> => {
      while (asked.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { tell, asked, said, until };
  };

  it('are made for the node in the namespace default', async (t) => {
    const { tell, asked, until } = open(t);
    tell(event('hello'));
    await until(1);
    const [made] = asked;
    assert.equal(`${made?.method} ${made?.path}`, 'POST /apis/events.k8s.io/v1/namespaces/default/events');
    const body = made?.body as Record<string, unknown>;
    assert.deepEqual(body['regarding'], { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n1' });
    assert.equal(body['note'], 'hello');
    assert.equal(body['eventTime'], '1970-01-01T00:00:00.000000Z');
  });

  it('are at most one in a while of a reason: the last; another reason does not wait', async (t) => {
    const { tell, asked, until } = open(t);
    for (let i = 0; i < 50; i++) tell(event(`note ${i}`));
    tell(event('other', 'DeadlyFile'));
    await until(3);
    const notes = asked.map(({ body }) => (body as { note: string }).note);
    assert.deepEqual(notes, ['note 0', 'other', 'note 49']);
  });

  it('become a series when they are the same again', async (t) => {
    const { tell, asked, until } = open(t);
    tell(event('same'));
    tell(event('same'));
    await until(2);
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['POST', 'PATCH'],
    );
    assert.match(JSON.stringify(asked[1]?.body), /"path":"\/series","value":\{"count":2,/);
  });

  it('are made anew when the old one has gone, and a failure is said once', async (t) => {
    let away = false;
    const { tell, asked, said, until } = open(t, (method) => away || method === 'PATCH');
    tell(event('same'));
    tell(event('same'));
    await until(3);
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['POST', 'PATCH', 'POST'],
    );
    assert.deepEqual(said, []);
    away = true;
    tell(event('a', 'A'));
    tell(event('b', 'B'));
    await until(5);
    assert.deepEqual(said, ['events cannot be told to the cluster: connect ECONNREFUSED']);
  });
});
