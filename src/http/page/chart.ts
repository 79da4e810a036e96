import type { MirrorStatus } from '../../core/status.ts';
import { latencyWords, recentSummary, type Slice, slicesOf } from '../../core/view/mirrors.ts';
import { type Html, html, nothing } from './html.ts';

const width = 120;
const height = 28;
const slices = 60;
/** Slower than this fills the chart; a quicker mirror is drawn against it, so that noise does not look like trouble. */
const leastScaleMs = 20;

const step = width / slices;
const round = (value: number): number => Math.round(value * 10) / 10;

/** One path of bars for the slices of a weight: what is bad has a shape of its own, not only a colour. */
const bars = (all: readonly Slice[], weight: string, tall: number): string =>
  all
    .map((slice, i) =>
      slice?.weight === weight ? `M${round(i * step)} ${height}v-${tall}h${round(step)}v${tall}z` : '',
    )
    .join('');

/** The latency of what answered; square root, since 1 and 100 ms must both be seen. A gap where nothing answered. */
const line = (all: readonly Slice[]): string => {
  const top = Math.max(leastScaleMs, ...all.map((slice) => (slice?.weight === 'good' ? slice.latencyMs : 0)));
  let drawing = false;
  return all
    .map((slice, i) => {
      // A mirror that is asked once a minute has three empty slices between two answers.
      if (slice === undefined) return '';
      if (slice.weight !== 'good') {
        drawing = false;
        return '';
      }
      const y = round(height - 2 - Math.sqrt(slice.latencyMs / top) * (height - 6));
      const move = `${drawing ? 'L' : 'M'}${round((i + 0.5) * step)} ${y}${drawing ? '' : 'h.1'}`;
      drawing = true;
      return move;
    })
    .join('');
};

/** What the chart shows, in words. */
export const chartWords = (mirror: MirrorStatus): string => {
  const { asked, up, fastestMs, slowestMs, bad } = recentSummary(mirror);
  if (asked === 0) return 'not asked in the last 15 minutes';
  const speed = up === 0 ? '' : `, ${latencyWords(fastestMs)} to ${latencyWords(slowestMs)}`;
  return `last 15 minutes: ${up} of ${asked} answers up${speed}${bad === '' ? '' : `; ${bad}`}`;
};

const path = (name: string, d: string): Html => (d === '' ? nothing : html`<path class="${name}" d="${d}"/>`);

/** Latency of the last 15 minutes as a line; costly answers as full bars, harmless ones as low blocks. */
export const chart = (mirror: MirrorStatus, at: string): Html => {
  const all = slicesOf(mirror, at, slices);
  return html`<svg class="chart" role="img" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-label="${chartWords(mirror)}"><path class="base" d="M0 ${height - 0.5}h${width}"/>${path('costly', bars(all, 'costly', height))}${path('harmless', bars(all, 'harmless', 9))}${path('line', line(all))}</svg>`;
};
