import type { Status } from '../../core/status.ts';
import { type Headline, headline, levelWords } from '../../core/view/headline.ts';
import { clockOf, dayAndClockOf, spanBetween } from '../../core/view/time.ts';
import { eventsSection, problemsSection } from './events.ts';
import { type Asked, explainSection } from './explanation.ts';
import { filesSection } from './files.ts';
import { type Html, html, nothing } from './html.ts';
import { mirrorsSection } from './mirrors.ts';

export type PageInput = {
  readonly status: Status;
  /** Why the loop does not turn; empty when it does. */
  readonly dead: readonly string[];
  readonly asked: Asked | undefined;
  /** Every file and mirror in full, however many. */
  readonly all: boolean;
};

const signs: Readonly<Record<Headline['level'], string>> = { well: '✓', watch: '!', act: '✕', idle: '–' };

/** Seconds after which a page without script loads itself again. */
const refreshSeconds = 15;

const hero = (status: Status, { level, sentence, remedy }: Headline): Html => {
  const { phase, since, reason } = status.phase;
  const known = phase !== 'starting';
  return html`<section class="hero ${level}" aria-labelledby="headline"><div class="sign" aria-hidden="true">${signs[level]}</div><div><p class="level">${levelWords[level]}</p><h1 id="headline">${sentence}</h1>${remedy === undefined ? nothing : html`<p class="remedy"><strong>What to do:</strong> ${remedy}</p>`}
<p class="phase">Phase <strong>${phase}</strong>${known && since !== '' ? html` for <time datetime="${since}" title="since ${dayAndClockOf(since)} UTC">${spanBetween(since, status.at)}</time>, since ${dayAndClockOf(since)} UTC` : nothing}: ${reason}</p>${status.waitingFor === undefined ? nothing : html`<p class="waiting">Nothing is written just now: ${status.waitingFor}</p>`}</div></section>
`;
};

const fact = (name: string, value: string): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

const nodeSection = (status: Status): Html => {
  const { node, configuration, spegel } = status;
  const mode = { 'adds-mirrors': 'adds mirrors', 'no-mirrors': 'adds no mirrors', disabled: 'off', unknown: 'unknown' };
  return html`<section aria-labelledby="node-title" class="node"><h2 id="node-title">This node</h2><dl>
${fact('Addresses', node.addresses.join(', ') || 'unknown')}${fact('Control plane', node.controlPlane.join(', ') || 'unknown')}${fact('Runtime', [node.runtime ?? 'unknown', node.containerdVersion ?? ''].join(' ').trim())}${fact('Spegel, as configured', `${mode[spegel.mode]}${spegel.reason === '' ? '' : `: ${spegel.reason}`}`)}${fact('Gate', status.gate)}${fact('Configuration', `${configuration.inForce}, ${configuration.source}${configuration.sha256 === '' ? '' : ` (${configuration.sha256.slice(0, 12)})`}`)}${fact('Directory', status.certsDir)}${fact('Agent', `${status.agentVersion}, pid ${status.pid}`)}</dl></section>
`;
};

/** The whole page, complete without a script. */
export const pageDocument = ({ status, dead, asked, all }: PageInput): string => {
  const head = headline(status, dead);
  const name = status.node.name ?? status.node.addresses[0] ?? 'unnamed node';
  // Who reads an answer or fills in the form is not interrupted: an asked page stays.
  const refresh =
    asked === undefined ? html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>` : nothing;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${levelWords[head.level]}: ${name} &ndash; handspegel</title>${refresh}<link rel="icon" href="/page.svg" type="image/svg+xml"><link rel="stylesheet" href="/page.css"><script src="/page.js" defer></script></head>
<body><a class="skip" href="#main">Skip to content</a>
<header><p class="brand">handspegel</p><p class="name">${name}</p><p class="clock"><span id="live" data-state="still">As of</span> <time datetime="${status.at}">${clockOf(status.at)}</time> UTC</p></header>
<main id="main" tabindex="-1">
<p id="lost" class="lost" hidden></p>
<div id="top">${hero(status, head)}${problemsSection(status)}</div>
<div class="grid"><div class="column" id="now">${mirrorsSection(status, all)}${filesSection(status, all)}${nodeSection(status)}</div><div class="column" id="side">${eventsSection(status)}${explainSection(status, asked)}</div></div>
</main>
<footer><p>Read only. For programs: <a href="/api/status">status</a>, <a href="/api/diff">diff</a>, <a href="/api/history">history</a>. In a terminal: <code>handspegel status --watch</code></p></footer>
<p id="say" class="unseen" role="status"></p>
</body></html>
`.html;
};
