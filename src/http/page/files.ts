import type { FileStatus, MirrorStatus, Status } from '../../core/status.ts';
import { needsSomebody } from '../../core/view/headline.ts';
import { type Html, html, nothing } from './html.ts';

const mostRows = 8;
const mostNames = 250;
const mostMirrors = 4;

const writerWords: Readonly<Record<FileStatus['writer'], string>> = {
  absent: 'nobody',
  ours: 'handspegel',
  'ours-stale': 'handspegel, earlier',
  'ours-edited': 'handspegel, then edited',
  spegel: 'Spegel',
  kublr: "Kublr's agent",
  tool: 'another tool',
  foreign: 'somebody else',
  unreadable: 'unreadable',
};

const writer = (file: FileStatus): string =>
  file.standIn === undefined ? writerWords[file.writer] : `handspegel (${file.standIn}, for Spegel)`;

const actionWords: Readonly<Record<FileStatus['action'], string>> = {
  keep: 'as it should be',
  leave: 'left alone',
  write: 'to be written',
  'put-back': 'to be put back',
  remove: 'to be removed',
  refuse: 'refused',
  conflict: 'conflict',
  wait: 'waiting',
};

const isQuiet = (file: FileStatus): boolean => file.action === 'keep' || file.action === 'leave';

const state = (file: FileStatus): Html => {
  if (needsSomebody(file))
    return html`<span class="chip costly"><span aria-hidden="true">&#x2715;</span> ${file.deadly === undefined ? actionWords[file.action] : 'deadly'}</span>`;
  if (file.action === 'refuse')
    return html`<span class="chip harmless"><span aria-hidden="true">!</span> refused</span>`;
  if (isQuiet(file))
    return html`<span class="chip good"><span aria-hidden="true">&#x2713;</span> ${actionWords[file.action]}</span>`;
  return html`<span class="chip unknown"><span aria-hidden="true">&hellip;</span> ${actionWords[file.action]}</span>`;
};

const urls = (label: string, list: readonly string[] | undefined): Html =>
  list === undefined || list.length === 0
    ? nothing
    : html`<small>${label}: ${list.map((url, index) => html`${index === 0 ? '' : ', '}<code>${url}</code>`)}</small>`;

/** The hosts that containerd asks because of this file, as far as probes know them. */
const asks = (file: FileStatus, mirrors: readonly MirrorStatus[]): Html => {
  const registry = /^([^/]+)\/hosts\.toml$/.exec(file.path)?.[1];
  if (registry === undefined || !(isQuiet(file) || file.action === 'write')) return nothing;
  const named = mirrors.filter((mirror) => !mirror.withdrawn && mirror.registries.includes(registry));
  if (named.length === 0) return nothing;
  const shown = named.slice(0, mostMirrors).map((mirror) => html`<code>${mirror.url}</code> (${mirror.verdict}), `);
  return html`<small>asks ${shown}${named.length > mostMirrors ? `${named.length - mostMirrors} more, ` : ''}then the registry itself</small>`;
};

const row = (file: FileStatus, mirrors: readonly MirrorStatus[]): Html =>
  html`<tr role="row"><th role="rowheader" scope="row"><code>${file.path}</code><small>${writer(file)}</small></th><td role="cell">${state(file)}</td><td role="cell" class="wide">${file.detail}${asks(file, mirrors)}${file.deadly === undefined ? nothing : html`<small class="bad">containerd dies of it: ${file.deadly}</small>`}${urls('taken out', file.withdrawn)}${urls('would be taken out', file.wouldWithdraw)}${file.source === undefined || file.source === 'built-in' ? nothing : html`<small>from ${file.source}</small>`}</td></tr>
`;

const rank = (file: FileStatus): number => {
  if (needsSomebody(file)) return 0;
  if (!isQuiet(file)) return 1;
  if (file.standIn !== undefined || file.withdrawn !== undefined || file.wouldWithdraw !== undefined) return 2;
  return file.path.startsWith('_default/') ? 3 : 4;
};

/** The files of one kind, by name only. */
const group = (files: readonly FileStatus[]): Html => {
  const [first] = files;
  if (first === undefined) return nothing;
  const shown = files.slice(0, mostNames);
  return html`<p>${files.length} of ${writer(first)}, ${actionWords[first.action]}: ${first.reason}</p><ul class="many">${shown.map((file) => html`<li><code>${file.path.replace(/\/hosts\.toml$/, '/')}</code></li>`)}</ul>${files.length > shown.length ? html`<p><a href="/?all">Show all</a></p>` : nothing}`;
};

/** Each file with its writer and what is made of it; of very many, those that say the same by name only. */
export const filesSection = (status: Status, all: boolean): Html => {
  const sorted = status.files.toSorted((a, b) => rank(a) - rank(b));
  const shown = all ? sorted : sorted.slice(0, mostRows);
  const rest = new Map<string, FileStatus[]>();
  for (const file of sorted.slice(shown.length)) {
    const key = `${file.writer} ${file.standIn ?? ''} ${file.action} ${file.reason}`;
    rest.set(key, [...(rest.get(key) ?? []), file]);
  }
  const left = sorted.length - shown.length;
  const body =
    sorted.length === 0
      ? html`<p>No file stands in this directory or is wanted there.</p>`
      : html`<div class="scroll"><table role="table">
<caption>Files below <code>${status.certsDir}</code>: who wrote them, and what is made of them.</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">File and writer</th><th role="columnheader" scope="col">Now</th><th role="columnheader" scope="col">Why</th></tr></thead>
<tbody role="rowgroup">
${shown.map((file) => row(file, status.mirrors))}</tbody></table></div>`;
  const more =
    left === 0
      ? nothing
      : html`<details id="more-files"><summary>${left} more files</summary>${[...rest.values()].map(group)}<p><a href="/?all">Show each with its reason</a></p></details>`;
  return html`<section aria-labelledby="files-title" class="files"><h2 id="files-title">Files</h2>${body}${more}</section>
`;
};
