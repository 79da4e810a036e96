/**
 * What makes the page live: each status that the agent sends makes it fetch itself and take over what differs, so that
 * focus, open details and scroll places stay. Without it the page is whole, only not live.
 */
export const script = `'use strict';
(() => {
  const one = (id) => document.getElementById(id);
  const restMs = 2000;
  const againMs = 5000;
  let source, timer, job = Promise.resolve(), lastAt = 0, lost = false;

  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || '') === (b.id || '');
  const morph = (now, next) => {
    if (now.nodeType !== 1) {
      if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
      return;
    }
    for (const { name } of [...now.attributes])
      if (!next.hasAttribute(name) && !(name === 'open' && now.nodeName === 'DETAILS')) now.removeAttribute(name);
    for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    if (now.nodeName === 'INPUT') return;
    const fresh = [...next.childNodes];
    fresh.forEach((child, i) => {
      const old = now.childNodes[i];
      if (!old) now.append(child);
      else if (same(old, child)) morph(old, child);
      else old.replaceWith(child);
    });
    while (now.childNodes.length > fresh.length) now.lastChild.remove();
  };

  const say = (text) => { if (one('say').textContent !== text) one('say').textContent = text; };
  const showLost = (isLost) => {
    if (isLost === lost) return;
    lost = isLost;
    const text = 'No connection to the agent since ' + new Date().toISOString().slice(11, 19) + ' UTC: what you see is old. Trying again.';
    one('lost').hidden = !lost;
    one('lost').textContent = lost ? text : '';
    say(lost ? text : 'Connected again.');
    showLive();
  };
  const showLive = () => {
    one('live').textContent = lost ? 'As of' : 'Live,';
    one('live').dataset.state = lost ? 'still' : 'live';
  };

  const take = (text) => {
    const next = new DOMParser().parseFromString(text, 'text/html');
    const before = one('headline').textContent;
    for (const id of ['top', 'now', 'side']) {
      if (!next.getElementById(id)) throw new Error('not the page');
      morph(one(id), next.getElementById(id));
    }
    morph(document.querySelector('header time'), next.querySelector('header time'));
    document.title = next.title;
    const after = one('headline').textContent;
    if (after !== before) say(after);
  };
  const load = async () => {
    clearTimeout(timer);
    timer = undefined;
    lastAt = Date.now();
    try {
      const here = location.pathname + location.search;
      const answer = await fetch(here, { cache: 'no-store', signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error('status ' + answer.status);
      const text = await answer.text();
      // Another image may have been asked for meanwhile: that load follows.
      if (here === location.pathname + location.search) take(text);
      showLost(false);
      showLive();
    } catch {
      showLost(true);
    }
  };
  const refresh = () => (job = job.then(load));
  const soon = () => {
    if (timer === undefined) timer = setTimeout(refresh, Math.max(0, lastAt + restMs - Date.now()));
  };

  const follow = () => {
    if (source) source.close();
    source = new EventSource('/api/events');
    source.addEventListener('status', soon);
    source.addEventListener('open', soon);
    source.addEventListener('error', () => {
      // A stream that ended is tried again by the browser; one that was refused is not.
      const gone = source.readyState === 2;
      soon();
      if (gone) setTimeout(() => { if (!document.hidden && source.readyState === 2) follow(); }, againMs);
    });
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source.close();
    else follow();
  });
  setInterval(() => { if (!document.hidden && (lost || source.readyState !== 1)) soon(); }, againMs);

  const asked = async () => {
    await refresh();
    const answer = one('answer');
    if (answer) answer.focus();
  };
  document.addEventListener('submit', (event) => {
    event.preventDefault();
    history.pushState(null, '', '/?' + new URLSearchParams(new FormData(event.target)));
    asked();
  });
  addEventListener('popstate', () => {
    one('image').value = new URLSearchParams(location.search).get('image') || '';
    asked();
  });
  follow();
})();
`;
