import type { MirrorStatus, Status } from '../../core/status.ts';
import {
  byImportance,
  latencyWords,
  recentSummary,
  roleWords,
  standingOf,
  verdictMeanings,
  weightOf,
} from '../../core/view/mirrors.ts';
import { dayAndClockOf, spanBetween } from '../../core/view/time.ts';
import { chart } from './chart.ts';
import { type Html, html, nothing } from './html.ts';

/** With a chart each; of the others only what they say is shown, so that the page stays small. */
const mostRows = 8;
const mostNames = 150;

const signs = { good: '✓', harmless: '○', costly: '✕', unknown: '?' } as const;

/** A verdict as a sign, a word and a colour. */
export const verdictChip = (verdict: MirrorStatus['verdict']): Html => {
  const weight = weightOf(verdict);
  return html`<span class="chip ${weight}"><span aria-hidden="true">${signs[weight]}</span> ${verdict}</span>`;
};

const standingWords = {
  'in use': '',
  'taken out': 'taken out',
  'would go': 'would go',
  watched: 'in no file',
} as const;

const latency = (mirror: MirrorStatus): Html => {
  const { slowestMs, bad } = recentSummary(mirror);
  if (mirror.verdict !== 'up') return html`<small>${bad || '–'}</small>`;
  return html`${latencyWords(mirror.latencyMs)}<small>${bad === '' ? `at most ${latencyWords(slowestMs)}` : bad}</small>`;
};

const row = (mirror: MirrorStatus, status: Status): Html => {
  const standing = standingOf(mirror, status.gate);
  const badge = standing === 'in use' ? nothing : html` <span class="tag">${standingWords[standing]}</span>`;
  const meaning = mirror.verdict === 'up' ? '' : `${mirror.detail}. In a pull: ${verdictMeanings[mirror.verdict]}.`;
  return html`<tr role="row" class="${weightOf(mirror.verdict)}">
<th role="rowheader" scope="row"><code>${mirror.url}</code><small>${roleWords[mirror.role]}${badge}</small></th>
<td role="cell" class="num">${mirror.port}</td>
<td role="cell">${verdictChip(mirror.verdict)}<small title="since ${dayAndClockOf(mirror.since)} UTC">for ${spanBetween(mirror.since, status.at) || 'an unknown time'}</small></td>
<td role="cell" class="num">${latency(mirror)}</td>
<td role="cell" class="wide">${chart(mirror, status.at)}${meaning === '' ? nothing : html`<small>${meaning}</small>`}</td>
</tr>
`;
};

const short = (mirror: MirrorStatus): Html =>
  html`<li><code>${mirror.url}</code> ${mirror.verdict}${mirror.withdrawn ? ', taken out' : ''}</li>`;

const gateNote = (status: Status): Html => {
  if (status.gate === 'enforce') return nothing;
  const what =
    status.gate === 'off'
      ? 'off: nothing is taken out, a dead mirror costs pulls its time'
      : 'observe: what would be taken out is shown, nothing is done';
  return html`<p class="note">Gate ${what}.</p>`;
};

/** Each mirror with port, role, verdict and its last 15 minutes; the rest of many in a list. */
export const mirrorsSection = (status: Status, all: boolean): Html => {
  const sorted = byImportance(status.mirrors);
  const shown = all ? sorted : sorted.slice(0, mostRows);
  const rest = sorted.slice(shown.length);
  const body =
    sorted.length === 0
      ? html`<p>No mirror is known yet: no file names one.</p>`
      : html`<div class="scroll"><table role="table">
<caption>Each mirror: who it is, what its last probe saw, and its last 15 minutes. The line is latency; a full bar is an answer that would stop a pull, a low block one that sends it to the next host.</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Mirror</th><th role="columnheader" scope="col" class="num">Port</th><th role="columnheader" scope="col">Verdict</th><th role="columnheader" scope="col" class="num">Latency</th><th role="columnheader" scope="col">15 minutes</th></tr></thead>
<tbody role="rowgroup">
${shown.map((mirror) => row(mirror, status))}</tbody></table></div>`;
  const up = rest.filter(({ verdict }) => verdict === 'up').length;
  const more =
    rest.length === 0
      ? nothing
      : html`<details id="more-mirrors"><summary>${rest.length} more mirrors: ${up} up, ${rest.length - up} not</summary><ul class="many">${rest.slice(0, mostNames).map(short)}</ul>${rest.length > mostNames ? html`<p><a href="/?all">Show all</a></p>` : nothing}</details>`;
  return html`<section aria-labelledby="mirrors-title" class="mirrors"><h2 id="mirrors-title">Mirrors</h2>${gateNote(status)}${body}${more}</section>
`;
};
