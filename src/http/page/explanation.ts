import type { Delays, ExplainedHost, Explanation } from '../../core/containerd/explain.ts';
import { shownUrl } from '../../core/shown-url.ts';
import type { MirrorStatus, Status } from '../../core/status.ts';
import { type Html, html, nothing } from './html.ts';
import { verdictChip } from './mirrors.ts';

export type Asked = {
  readonly image: string;
  readonly answer: Explanation | { readonly error: string };
};

const seconds = (value: number | 'never'): string =>
  value === 'never' ? 'for ever' : `${Math.round(value * 10) / 10} s`;

const cost = ({ dropped, hung }: Delays): string =>
  `Dead, it costs each request up to ${seconds(dropped)} (packets dropped) or ${seconds(hung)} (silent).`;

const isAnswer = (answer: Asked['answer']): answer is Explanation => 'hosts' in answer;

const host = (one: ExplainedHost, index: number, mirrors: ReadonlyMap<string, MirrorStatus>): Html => {
  const url = shownUrl(one.url);
  const mirror = mirrors.get(url);
  const asks = one.asked.length === 0 ? 'asked for nothing' : `asked for ${one.asked.join(' and ')}`;
  const upstream = one.role === 'upstream';
  return html`<li class="${upstream ? 'upstream' : 'host'}"><p><b class="step">${index + 1}</b> <code>${one.httpsFirst ? 'https, then ' : ''}${url}</code> <span class="tag">${one.role}</span> ${mirror === undefined ? nothing : verdictChip(mirror.verdict)}</p><small>${asks}${one.ns === undefined ? '' : ` with ns=${one.ns}`}. ${upstream ? 'The registry itself comes last.' : cost(one.delays)}</small></li>
`;
};

const candidate = ({ directory, says }: Explanation['candidates'][number]): Html =>
  html`<li class="${says.startsWith('wins') ? 'wins' : 'other'}"><code>${directory}/</code> <span>${says}</span></li>`;

const outcome = (explanation: Explanation): Html => {
  const ignored = explanation.ignored;
  const said =
    ignored === undefined
      ? nothing
      : html`<p class="bad">containerd ignores the file: line ${ignored.line}, column ${ignored.column}: ${ignored.reason}.</p>`;
  if (explanation.outcome === 'pulls') return said;
  return html`${said}<p class="bad">${explanation.outcome === 'dies' ? 'containerd itself dies' : 'The pull fails'}: ${explanation.error ?? 'without a reason'}</p>`;
};

const path = (explanation: Explanation, status: Status): Html => {
  const { image } = explanation;
  const name = `${image.repository}${image.tag === undefined ? '' : `:${image.tag}`}${image.digest === undefined ? '' : `@${image.digest}`}`;
  const mirrors = new Map(status.mirrors.map((mirror) => [mirror.url, mirror]));
  const gone = status.mirrors.filter(({ withdrawn }) => withdrawn && status.gate === 'enforce');
  const skipped =
    explanation.skipped.length === 0
      ? nothing
      : html`<details id="skipped"><summary>Plays no part (${explanation.skipped.length})</summary><ul>${explanation.skipped.map(({ what, why }) => html`<li><code>${what}</code> ${why}</li>`)}</ul></details>`;
  const rules =
    explanation.rules.length === 0
      ? nothing
      : html`<details id="rules"><summary>Rules of containerd ${explanation.version} that matter here (${explanation.rules.length})</summary><ul>${explanation.rules.map(({ says }) => html`<li>${says}</li>`)}</ul></details>`;
  return html`<ol class="path">
<li><h4>Registry</h4><p><code>${image.namespace}</code> <span class="dim">/${name}</span></p></li>
<li><h4>Directories, the first that stands wins</h4><ul class="candidates">${explanation.candidates.map(candidate)}</ul></li>
<li><h4>Hosts, asked in this order</h4>${outcome(explanation)}<ol class="hosts">
${explanation.hosts.map((one, index) => host(one, index, mirrors))}</ol>${gone.length === 0 ? nothing : html`<small>Taken out at the moment: ${gone.map((mirror, index) => html`${index === 0 ? '' : ', '}<code>${mirror.url}</code>`)}</small>`}</li>
</ol>${skipped}${rules}<p class="dim">As containerd ${explanation.version} does it.</p>`;
};

const answer = (asked: Asked, status: Status): Html => {
  const body = isAnswer(asked.answer)
    ? path(asked.answer, status)
    : html`<p class="bad" id="image-error">${asked.answer.error}</p>`;
  return html`<div class="answer"><h3 id="answer" tabindex="-1">Where a pull of <code>${asked.image}</code> goes</h3>${body}</div>`;
};

/** A form that needs no script, and its answer as the way that containerd takes. */
export const explainSection = (status: Status, asked: Asked | undefined): Html => {
  const wrong = asked !== undefined && !isAnswer(asked.answer);
  return html`<section aria-labelledby="explain-title" class="explain"><h2 id="explain-title">Explain an image</h2>
<form action="/#answer" method="get" role="search" aria-label="Explain an image"><label for="image">Image, as a Pod names it</label><div class="ask"><input id="image" name="image" value="${asked?.image ?? ''}" placeholder="quay.io/org/app:1.2" maxlength="512" required autocomplete="off" autocapitalize="off" spellcheck="false"${wrong ? html` aria-invalid="true" aria-describedby="image-error"` : nothing}><button>Explain</button></div></form>
${asked === undefined ? html`<p class="dim">Shows which directory wins, and which servers containerd asks in which order.</p>` : answer(asked, status)}</section>
`;
};
