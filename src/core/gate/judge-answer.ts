import type { Verdict } from './verdict.ts';

/** What one probe saw, judged as in the table of verdicts (design.md, Gate). */
export type Judged = {
  readonly kind: Verdict;
  /** For people; never holds a header, a body or a query. */
  readonly detail: string;
};

export type Answer = {
  readonly status: number;
  /** Its `Content-Type`; empty without one. */
  readonly type: string;
  readonly body: Uint8Array;
  /** `false`: the body broke off. */
  readonly complete: boolean;
};

const blank = /^(?:\u{feff}|\s|<!--[\s\S]*?-->)+/u;
/** How a browser knows a page that has no media type (https://mimesniff.spec.whatwg.org). */
const htmlStart =
  /^<(?:!doctype\s+html|html|head|body|title|meta|script|style|iframe|table|div|font|h1|br|a|b|p)(?=[\s>])/i;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const isHtml = ({ type, body }: Answer): boolean =>
  /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(type) ||
  (body.length > 0 && htmlStart.test(decoder.decode(body.subarray(0, 4_096)).replace(blank, '')));

export const judgeAnswer = (answer: Answer): Judged => {
  const { status, complete } = answer;
  if (status !== 200 && status !== 401) return { kind: 'erroring', detail: `answers ${status}` };
  if (!complete) return { kind: 'wrong', detail: `answers ${status} with a body that breaks off` };
  if (status === 401) return { kind: 'up', detail: 'answers 401: it wants credentials' };
  return isHtml(answer)
    ? { kind: 'wrong', detail: 'answers 200 with a web page' }
    : { kind: 'up', detail: 'answers 200' };
};

/** How far a probe had come when its time was over. */
export type Progress = { readonly connected: boolean; readonly status: number | undefined };

export const judgeLate = ({ connected, status }: Progress, timeoutMs: number): Judged => {
  if (!connected) return { kind: 'timeout', detail: `no connection in ${timeoutMs} ms` };
  const so = status === undefined ? '' : ` (answers ${status}, then stalls)`;
  return { kind: 'hung', detail: `connected, but no complete answer in ${timeoutMs} ms${so}` };
};

export const connectionRefused: Judged = { kind: 'refused', detail: 'connection refused' };
export const probeStopped: Judged = { kind: 'erroring', detail: 'the probe was stopped' };
