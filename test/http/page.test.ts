import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Status } from '../../src/core/status.ts';
import { headline } from '../../src/core/view/headline.ts';
import { addPage, type PageState } from '../../src/http/page/add-page.ts';
import { pageDocument } from '../../src/http/page/document.ts';
import { escapeHtml, html } from '../../src/http/page/html.ts';
import { script } from '../../src/http/page/script.ts';
import { style } from '../../src/http/page/style.ts';
import {
  apiLost,
  bootstrap,
  conflict,
  explanation,
  file,
  large,
  mirror,
  orphaned,
  samples,
  well,
  withdrawn,
} from './support/statuses.ts';

const page = (status: Status, more: Partial<Parameters<typeof pageDocument>[0]> = {}): string =>
  pageDocument({ status, dead: [], asked: undefined, all: false, ...more });

const serve = (state: Partial<PageState> = {}): FastifyInstance => {
  const server = Fastify();
  addPage(server, { status: () => well, liveChecks: () => [], explain: async () => explanation, ...state });
  return server;
};

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

describe('the first sentence', () => {
  const rows: readonly (readonly [what: string, status: Status, level: string, sentence: RegExp])[] = [
    ['well', well, 'well', /^This node is well: it pulls through Spegel; all 4 mirrors in use answer\.$/],
    ['bootstrap', bootstrap, 'well', /^This node is well: Spegel is not here yet.*1 of 2 mirrors in use answer\.$/],
    ['withdrawn', withdrawn, 'watch', /^Pulls work: 2 mirrors that would stop them are taken out; 2 other mirrors and/],
    ['conflict', conflict, 'act', /^Conflict: registry\.example\.com\/hosts\.toml cannot be kept right: .*\.$/],
    ['orphaned', orphaned, 'watch', /^Pulls work: Spegel is gone and left its file behind/],
    ['API lost', apiLost, 'watch', /^Pulls work; there is a warning: the Kubernetes API has not answered for 4 min\.$/],
    [
      'one mirror withdrawn',
      { ...well, mirrors: [...withdrawn.mirrors.slice(0, 1), ...well.mirrors.slice(1)] },
      'watch',
      /^Pulls work: http:\/\/10\.0\.0\.5:30020 hangs and is taken out; 3 other mirrors and the upstream/,
    ],
    [
      'a mirror that flapped',
      { ...well, mirrors: [mirror({ url: 'http://10.0.0.5:30020', withdrawn: true })] },
      'watch',
      /^Pulls work: http:\/\/10\.0\.0\.5:30020 answers again and is not given back yet; images come/,
    ],
    [
      'a mirror hangs for the first time',
      { ...well, mirrors: [mirror({ url: 'http://10.0.0.5:30020', verdict: 'hung' })] },
      'watch',
      /^http:\/\/10\.0\.0\.5:30020 hangs: it is taken out if it does so once more\.$/,
    ],
    [
      'gate off',
      { ...well, gate: 'off', mirrors: [mirror({ url: 'http://10.0.0.5:30020', verdict: 'wrong' })] },
      'act',
      /^Pulls may hang: http:\/\/10\.0\.0\.5:30020 gives wrong answers, and the gate is off\.$/,
    ],
    [
      'gate observes',
      { ...withdrawn, gate: 'observe', phase: well.phase },
      'act',
      /^Pulls may hang: 2 mirrors would stop them, and the gate is only observing\.$/,
    ],
    [
      'no mirror answers',
      { ...well, mirrors: orphaned.mirrors },
      'watch',
      /^Pulls work, but no mirror answers: images come from the upstream registries\.$/,
    ],
    [
      'an error',
      { ...apiLost, problems: apiLost.problems.map((one) => ({ ...one, severity: 'error' as const })) },
      'act',
      /^Something must be mended: the Kubernetes API/,
    ],
    [
      'a deadly file',
      { ...conflict, files: [...conflict.files, file({ path: 'quay.io/hosts.toml', deadly: 'panic' })] },
      'act',
      /^quay\.io\/hosts\.toml kills containerd at the next pull of that registry\.$/,
    ],
    ['starting', { ...well, ready: false }, 'idle', /^Starting: /],
    ['released', { ...well, phase: { ...well.phase, phase: 'released' } }, 'idle', /^Released: /],
    ['disabled', { ...well, phase: { ...well.phase, phase: 'disabled' } }, 'idle', /^Spegel is switched off/],
    ['held', { ...well, phase: { ...well.phase, phase: 'held' } }, 'well', /^This node is well: our mirrors hold/],
  ];
  for (const [what, status, level, sentence] of rows) {
    it(`of a node: ${what}`, () => {
      const said = headline(status);
      assert.equal(said.level, level);
      assert.match(said.sentence, sentence);
      assert.ok(page(status).includes(`<h1 id="headline">${escapeHtml(said.sentence)}</h1>`));
    });
  }

  it('comes with what to do where no problem says it', () => {
    assert.match(headline(conflict).remedy ?? '', /^Find who writes it/);
    assert.match(
      page(conflict),
      /<strong>What to do:<\/strong> Find who writes it \(&quot;handspegel history registry/,
    );
    const tools = conflict.files.map((one) => ({ ...one, reason: 'tool-owns-it' as const }));
    assert.match(headline({ ...conflict, files: tools }).remedy ?? '', /tell that tool to leave the file alone/);
    assert.equal(headline(well).remedy, undefined);
  });

  it('says before anything else that the loop does not turn', () => {
    assert.match(headline(well, ['the loop has not turned for 120 s']).sentence, /^The agent hangs: the loop has not/);
  });
});

describe('the page', () => {
  it('shows phase, since when and why, files with writers, mirrors with port, role and verdict, and what happened', () => {
    const text = page(withdrawn);
    assert.match(
      text,
      /Phase <strong>withdrawn<\/strong> for <time [^>]*>5 min 12 s<\/time>, since 2026-11-23 02:58:53 UTC: /,
    );
    assert.match(text, /handspegel \(withdrawn, for Spegel\)/);
    assert.match(
      text,
      /<code>http:\/\/10\.0\.0\.5:30021<\/code><small>Spegel(&#39;)s Service <span class="tag">taken out/,
    );
    assert.match(
      text,
      /30021<\/td>\s*<td role="cell"><span class="chip costly"><span aria-hidden="true">✕<\/span> hung/,
    );
    assert.match(text, /aria-label="last 15 minutes: 115 of 180 answers up, [^"]*; 65 hung"/);
    assert.match(text, /spegel -&gt; withdrawn/);
    assert.match(text, /asks <code>https:\/\/harbor\.example\.com\/v2\/proxy<\/code> \(up\), then the registry itself/);
  });

  it('says what to do about each problem, the worst first', () => {
    const text = page({
      ...conflict,
      problems: [...apiLost.problems, { code: 'x', severity: 'error', message: 'broken', hint: 'mend it' }],
    });
    assert.match(text, /broken[\s\S]*What to do:<\/strong> mend it[\s\S]*the last good configuration holds/);
    assert.doesNotMatch(page(well), /What to mend/);
  });

  it('draws a pull as registry, directories, hosts in order and upstream, and works as a plain form', () => {
    const text = page(well, { asked: { image: 'quay.io/org/app:1.2', answer: explanation } });
    assert.match(text, /<form action="\/#answer" method="get"[\s\S]*name="image" value="quay\.io\/org\/app:1\.2"/);
    assert.match(
      text,
      /Registry<\/h4><p><code>quay\.io<\/code>[\s\S]*quay\.io\/<\/code> <span>absent[\s\S]*_default\/<\/code> <span>wins[\s\S]*>1<\/b> <code>http:\/\/10\.0\.0\.5:30020[\s\S]*>3<\/b> <code>https:\/\/quay\.io<\/code> <span class="tag">upstream/,
    );
    const wrong = page(well, { asked: { image: 'UPPER', answer: { error: 'lower case only' } } });
    assert.match(wrong, /aria-invalid="true" aria-describedby="image-error"[\s\S]*id="image-error">lower case only/);
  });

  it('says what containerd says when a pull fails, when it dies, and when it ignores the file', () => {
    const asked = (answer: Partial<typeof explanation>): string =>
      page(well, { asked: { image: 'a', answer: { ...explanation, ...answer } } });
    assert.match(asked({ outcome: 'fails', error: 'no such ca' }), /The pull fails: no such ca/);
    assert.match(asked({ outcome: 'dies', error: 'panic' }), /containerd itself dies: panic/);
    const ignored = { reason: 'bad key', line: 3, column: 1 };
    assert.match(asked({ ignored }), /containerd ignores the file: line 3, column 1: bad key/);
  });

  it('loads itself again only without a script, and not while an answer is read', () => {
    assert.match(page(well), /<noscript><meta http-equiv="refresh" content="15"><\/noscript>/);
    assert.doesNotMatch(page(well, { asked: { image: 'a', answer: explanation } }), /http-equiv/);
  });

  it('stays under 60 kB in all with 500 registries, and shows each of them when asked', () => {
    const rest = bytesOf(style) + bytesOf(script);
    assert.ok(bytesOf(page(large)) + rest < 60_000, `${bytesOf(page(large)) + rest} bytes`);
    assert.ok(bytesOf(page(withdrawn, { asked: { image: 'a', answer: explanation } })) + rest < 40_000);
    const all = page(large, { all: true });
    assert.match(all, /registry-499\.example\.com\/hosts\.toml/);
    assert.match(all, /mirror-499\.example\.com/);
  });

  it('shows what is bad of 500 mirrors first', () => {
    const bad = mirror({ url: 'https://mirror-x.example.com', role: 'foreign', verdict: 'hung', withdrawn: true });
    const text = page({ ...large, mirrors: [...large.mirrors, bad] });
    assert.match(text, /<tbody role="rowgroup">\s*<tr role="row" class="costly">\s*<th[^>]*><code>https:\/\/mirror-x/);
  });

  it('shows mirrors that were never asked, and samples from a clock that was set', () => {
    const odd = { ...well, mirrors: [mirror({ url: 'http://10.0.0.9:30020', verdict: 'unknown', recent: [] })] };
    assert.match(page(odd), /not asked in the last 15 minutes/);
    const early = samples({ every: 5, latencyMs: 2 }).map((one) => ({ ...one, at: '2031-01-01T00:00:00.000Z' }));
    const text = page({ ...well, mirrors: [mirror({ url: 'http://10.0.0.9:30020', recent: early, since: 'never' })] });
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  });
});

/** Every text of a status replaced by something hostile. */
const poisoned = <T>(value: T, poison: string): T =>
  JSON.parse(JSON.stringify(value), (key, one: unknown) =>
    typeof one === 'string' &&
    !['phase', 'verdict', 'role', 'action', 'reason', 'writer', 'severity', 'mode'].includes(key)
      ? `${poison}${one}`
      : one,
  ) as T;

describe('hostile names', () => {
  for (const poison of [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</title></style></textarea><svg onload=alert(1)>',
    '`+alert(1)+`',
    'javascript:alert(1)//',
  ]) {
    it(`are only text: ${poison}`, () => {
      const given = { ...conflict, problems: apiLost.problems };
      const status = poisoned(given, poison);
      const answer = poisoned(explanation, poison);
      const text = page(
        { ...status, phase: { ...status.phase, phase: 'conflict' } },
        { asked: { image: poison, answer } },
      );
      const own = page(given, { asked: { image: 'a', answer: explanation } });
      const tags = (one: string): string[] => (one.match(/<\/?[a-z][^\s>]*/gi) ?? []).toSorted();
      const names = (one: string): string[] => [...new Set(tags(one))];
      assert.deepEqual(
        names(text).filter((name) => !names(own).includes(name)),
        [],
      );
      assert.doesNotMatch(text, /<(?:script|img|svg)[^>]*(?:alert|onerror|onload)/i);
      for (const [tag] of text.matchAll(/<[a-z][^>]*>/gi))
        assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\son\w+=/i);
      for (const [, url] of text.matchAll(/(?:href|src|action)="([^"]*)"/g)) assert.match(url ?? '', /^[/#]/);
    });
  }

  it('cannot turn the direction of writing round or hide signs', () => {
    assert.equal(escapeHtml('a\u202egnp.exe\u0000'), 'a\\u202egnp.exe\\u0000');
    assert.equal(html`<p title="${'"'}">${'<b>'}${html`<i>`}</p>`.html, '<p title="&quot;">&lt;b&gt;<i></p>');
  });
});

describe('the page over HTTP', () => {
  it('comes with a policy that allows nothing inline and nothing from elsewhere', async () => {
    const server = serve();
    for (const url of ['/', '/page.css', '/page.js', '/page.svg', '/?image=quay.io/org/app&image=b', '/?all']) {
      const { statusCode, headers, body } = await server.inject(url);
      assert.equal(statusCode, 200, url);
      assert.match(String(headers['content-security-policy']), /^default-src 'none'; /);
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|\*|https?:/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-store');
      assert.doesNotMatch(body, /<style|style=|<script(?! src="\/page\.js")/);
    }
    await server.close();
  });

  it('asks for an image only when it may be one', async () => {
    const asked: string[] = [];
    const server = serve({
      explain: async (image) => {
        asked.push(image);
        return explanation;
      },
    });
    assert.match((await server.inject('/?image=')).body, /Write the name of an image/);
    assert.match((await server.inject(`/?image=${'a'.repeat(600)}`)).body, /at most 512 characters/);
    assert.deepEqual(asked, []);
    await server.inject('/?image=%20nginx%20');
    assert.deepEqual(asked, ['nginx']);
    await server.close();
  });

  it('has a script that parses', () => {
    assert.ok(new vm.Script(script));
  });
});
