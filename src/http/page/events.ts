import type { Problem } from '../../core/problem.ts';
import type { JournalRecord, Status } from '../../core/status.ts';
import { clockOf, dayAndClockOf, spanBetween } from '../../core/view/time.ts';
import { type Html, html, nothing } from './html.ts';

const mostEvents = 12;
const mostProblems = 12;

const event = (record: JournalRecord, at: string): Html =>
  html`<li><span class="ago">${spanBetween(record.at, at)} ago</span><time datetime="${record.at}" title="${dayAndClockOf(record.at)} UTC">${record.at.slice(0, 10) === at.slice(0, 10) ? clockOf(record.at) : dayAndClockOf(record.at)}</time> <span class="tag">${record.event.replace(':', ': ')}</span>${record.path === undefined ? nothing : html` <code>${record.path}</code>`}<small>${record.detail}</small></li>
`;

/** What happened last, the newest first. */
export const eventsSection = (status: Status): Html => {
  const last = status.journal.slice(-mostEvents).toReversed();
  const body =
    last.length === 0
      ? html`<p>Nothing has happened yet.</p>`
      : html`<ol class="events">
${last.map((record) => event(record, status.at))}</ol>`;
  return html`<section aria-labelledby="events-title" class="last"><h2 id="events-title">What happened last</h2>${body}</section>
`;
};

const order: Readonly<Record<Problem['severity'], number>> = { error: 0, warning: 1, info: 2 };
const chips = { error: 'costly', warning: 'harmless', info: 'unknown' } as const;
const signs = { error: '✕', warning: '!', info: 'i' } as const;

const problem = (found: Problem): Html => {
  const place = [found.file, found.line, found.column].filter((part) => part !== undefined).join(':');
  const where = [place, found.path].filter((part) => part !== undefined && part !== '').join(' ');
  return html`<li><p><span class="chip ${chips[found.severity]}"><span aria-hidden="true">${signs[found.severity]}</span> ${found.severity}</span> ${found.message}</p><p class="do"><strong>What to do:</strong> ${found.hint}</p><small><code>${found.code}</code>${where === '' ? nothing : html` in <code>${where}</code>`}</small></li>
`;
};

/** What a person should mend and how; nothing when there is nothing. */
export const problemsSection = (status: Status): Html => {
  if (status.problems.length === 0) return nothing;
  const sorted = status.problems.toSorted((a, b) => order[a.severity] - order[b.severity]);
  const left = sorted.length - mostProblems;
  return html`<section aria-labelledby="problems-title" class="problems"><h2 id="problems-title">What to mend <span class="count">${sorted.length}</span></h2><ol>
${sorted.slice(0, mostProblems).map(problem)}</ol>${left > 0 ? html`<p>${left} more: <code>handspegel status</code> lists them all.</p>` : nothing}</section>
`;
};
