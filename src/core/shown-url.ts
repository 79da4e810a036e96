/** User-info, query and fragment never leave the node, whether the URL has a scheme or not. */
export const shownUrl = (url: string): string => {
  const isWhole = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
  const whole = isWhole ? url : `https://${url}`;
  if (!URL.canParse(whole)) return url.replace(/[?#].*$/s, '').replace(/^((?:[^/]*:\/\/)?).*@/s, '$1');
  const parsed = new URL(whole);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  const shown = parsed.href.replace(/\/$/, '');
  return isWhole ? shown : shown.slice('https://'.length);
};
