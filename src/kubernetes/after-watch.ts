import type { WatchEnd } from './client.ts';
import type { Pause } from './watch-pauses.ts';

/** What one watch was like. */
export type Course = {
  readonly end: WatchEnd;
  /** The API server's last word in the stream: an event of type ERROR. */
  readonly refusal: { readonly code: number; readonly message: string } | undefined;
  /** The version that it was asked to begin after; `undefined`: with what there is. */
  readonly from: string | undefined;
  /** It was answered. */
  readonly wasOpen: boolean;
  /** It brought something, or stood for a while. */
  readonly stood: boolean;
  /** It ended when it was to end. */
  readonly lasted: boolean;
};

export type Next = {
  /** From the last version on; anew, with what there is; or with what the API server has in its cache. */
  readonly from: 'last' | 'anew' | 'cache';
  readonly pause: Pause;
  /** Why changes do not come by the watch now; `undefined`: it goes on without anything being missed. */
  readonly why: string | undefined;
  /** The API server is not there: what else is known of the cluster may be old when it is back. */
  readonly isAway: boolean;
};

const goOn: Next = { from: 'last', pause: 'growing', why: undefined, isAway: false };

const afterRefusal = (code: number, message: string, from: string | undefined): Next => {
  switch (code) {
    case 410:
      return { ...goOn, from: 'anew', pause: from === undefined ? 'growing' : 'short' };
    // "Too large resource version": where etcd is older than 3.5, the cache never hears that it is up to date.
    case 504:
      return { ...goOn, from: from === undefined ? 'cache' : 'anew', pause: from === '0' ? 'growing' : 'short' };
    case 403:
    case 404:
      return { from: 'anew', pause: 'patient', why: `${message}: see the rights in the chart's README`, isAway: false };
    default:
      return { from: 'anew', pause: 'growing', why: message, isAway: code === 429 || code >= 500 };
  }
};

/** What to do after a watch has ended. */
export const afterWatch = ({ end, refusal, from, wasOpen, stood, lasted }: Course): Next => {
  if (refusal !== undefined) return { ...afterRefusal(refusal.code, refusal.message, from), isAway: false };
  switch (end.kind) {
    case 'closed':
      if (lasted || stood) return { ...goOn, pause: lasted ? 'none' : 'growing' };
      return { from: 'anew', pause: 'growing', why: 'each watch is ended at once', isAway: false };
    case 'refused':
      return afterRefusal(end.status, `${end.status} ${end.message}`, from);
    case 'silent':
      return { from: 'anew', pause: 'growing', why: wasOpen ? 'the connection is dead' : 'no answer', isAway: true };
    case 'failed':
      // A connection that breaks is no outage as long as the next one stands.
      return stood ? goOn : { from: 'anew', pause: 'growing', why: end.message, isAway: true };
  }
};
