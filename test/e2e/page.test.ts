import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { headline } from '../../src/core/view/headline.ts';
import { startPageServer } from '../http/support/page-server.ts';
import { apiLost, bootstrap, conflict, large, orphaned, well, withdrawn } from '../http/support/statuses.ts';
import { startReadyAgent } from './support/agent.ts';
import { openPage, startBrowser, violations } from './support/browser.ts';
import { createPlace } from './support/place.ts';
import { until } from './support/until.ts';

const states = { well, bootstrap, withdrawn, conflict, orphaned, apiLost, large };

const isLive = (page: Page): Promise<void> => page.locator('#live[data-state=live]').waitFor();
const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const widthOf = (page: Page): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth');

describe('the page in a browser', { concurrency: false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  for (const [name, status] of Object.entries(states)) {
    it(`is accessible, in light and dark, on a telephone, a desk and a wall: ${name}`, async (t) => {
      const server = await startPageServer(status);
      t.after(server.close);
      for (const [width, colorScheme] of [
        [375, 'light'],
        [1280, 'dark'],
        [1280, 'light'],
        [3840, 'dark'],
      ] as const) {
        const { page, complaints } = await openPage(t, browser, `${server.url}/?image=quay.io/org/app:1.2`, {
          viewport: { width, height: 900 },
          colorScheme,
        });
        await isLive(page);
        assert.equal(await heading(page).textContent(), headline(status).sentence);
        assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`);
        assert.equal(await widthOf(page), width, 'nothing sticks out at the side');
        assert.deepEqual(complaints, []);
        await page.context().close();
      }
    });
  }

  it('follows the agent without losing focus, what is open or what is typed, and is silent while nothing changes', async (t) => {
    const server = await startPageServer(large);
    t.after(server.close);
    const { page, complaints } = await openPage(t, browser, server.url);
    await isLive(page);
    await page.locator('#more-files summary').click();
    await page.getByLabel('Image, as a Pod names it').fill('quay.io/half-ty');
    await page.evaluate(
      "window.said = 0; new MutationObserver(() => { window.said += 1; }).observe(document.getElementById('say'), { childList: true, characterData: true, subtree: true })",
    );
    server.show({ ...large, at: '2026-11-23T03:05:00.000Z' });
    await page.getByText('03:05:00').waitFor();
    assert.equal(await page.evaluate('window.said'), 0);
    server.show({ ...withdrawn, files: large.files });
    await page.getByRole('heading', { level: 1, name: /^Pulls work: 2 mirrors/ }).waitFor();
    assert.equal(await page.getByRole('status').textContent(), headline(withdrawn).sentence);
    assert.equal(await page.locator('#more-files').getAttribute('open'), '');
    assert.equal(await page.getByLabel('Image, as a Pod names it').inputValue(), 'quay.io/half-ty');
    assert.equal(await page.evaluate('document.activeElement.id'), 'image');
    assert.match(await page.title(), /^Watch: worker-17/);
    assert.deepEqual(complaints, []);
  });

  it('says when the agent is gone, and comes back by itself', async (t) => {
    const server = await startPageServer(well);
    t.after(server.close);
    const { page } = await openPage(t, browser, server.url);
    await isLive(page);
    server.setAway(true);
    await page
      .getByText(/^No connection to the agent since \d\d:\d\d:\d\d UTC: what you see is old/)
      .first()
      .waitFor();
    assert.equal(await page.locator('#live').getAttribute('data-state'), 'still');
    assert.deepEqual(await violations(page), []);
    server.show(conflict);
    server.setAway(false);
    await page.getByRole('heading', { level: 1, name: /^Conflict: / }).waitFor();
    await isLive(page);
    assert.equal(await page.locator('#lost').isHidden(), true);
  });

  it('explains an image by keyboard alone', async (t) => {
    const server = await startPageServer(well);
    t.after(server.close);
    const { page, complaints } = await openPage(t, browser, server.url);
    await isLive(page);
    const skip = page.getByRole('link', { name: 'Skip to content' });
    await page.keyboard.press('Tab');
    assert.equal(await skip.evaluate('document.activeElement.className'), 'skip');
    await page.keyboard.press('Enter');
    const field = page.getByLabel('Image, as a Pod names it');
    for (let presses = 0; presses < 20; presses += 1) {
      if ((await page.evaluate('document.activeElement.id')) === 'image') break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.type('quay.io/org/app:1.2');
    await page.keyboard.press('Enter');
    const answer = page.getByRole('heading', { name: 'Where a pull of quay.io/org/app:1.2 goes' });
    await answer.waitFor();
    await page.waitForFunction("document.activeElement.id === 'answer'");
    assert.match(page.url(), /\?image=quay\.io%2Forg%2Fapp%3A1\.2$/);
    assert.deepEqual(await page.locator('.hosts > li > p > code').allInnerTexts(), [
      'http://10.0.0.5:30020',
      'http://10.0.0.5:30021',
      'https://quay.io',
    ]);
    await field.fill('UPPER');
    await field.press('Enter');
    await page.getByText('UPPER is no reference').waitFor();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.deepEqual(await violations(page), []);
    await page.goBack();
    await answer.waitFor();
    assert.deepEqual(complaints, []);
  });

  it('is whole without JavaScript: all sections, explain, and it loads itself again', async (t) => {
    const server = await startPageServer(withdrawn);
    t.after(server.close);
    const { page } = await openPage(t, browser, server.url, { javaScriptEnabled: false });
    for (const name of ['Mirrors', 'Files', 'What happened last', 'Explain an image', 'This node'])
      assert.equal(await page.getByRole('heading', { name, exact: true }).count(), 1, name);
    assert.equal(await page.getByRole('table').count(), 2);
    assert.equal(await page.locator('meta[http-equiv=refresh]').getAttribute('content'), '15');
    // A page that shows an answer does not load itself again under whoever types.
    await page.goto(`${server.url}/?image=UPPER`);
    assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 0);
    await page.getByLabel('Image, as a Pod names it').fill('quay.io/org/app:1.2');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: /^Where a pull of quay\.io/ }).waitFor();
    assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 0);
  });

  it('runs nothing that names, events or the image bring along', async (t) => {
    const poison = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    const server = await startPageServer({
      ...conflict,
      node: { ...conflict.node, name: poison },
      journal: [{ at: conflict.at, event: poison, path: poison, detail: poison }],
      problems: [{ code: poison, severity: 'error', message: poison, hint: poison, file: poison }],
      mirrors: conflict.mirrors.map((mirror) => ({ ...mirror, url: `http://${poison}`, detail: poison })),
    });
    t.after(server.close);
    const { page, complaints } = await openPage(t, browser, `${server.url}/?image=${encodeURIComponent(poison)}`);
    await isLive(page);
    assert.equal(await page.evaluate('window.hacked'), undefined);
    assert.equal(await page.locator('img').count(), 0);
    assert.ok((await page.locator('.events').textContent())?.includes(poison));
    assert.equal(await page.getByLabel('Image, as a Pod names it').inputValue(), poison);
    assert.deepEqual(complaints, []);
  });
});

describe('the page of a real agent', () => {
  it('tells of the node, explains an image from what lies on disk, and follows a change', async (t) => {
    const browser = await startBrowser();
    t.after(() => browser.close());
    const place = createPlace(t);
    const agent = await startReadyAgent(t, place);
    const { found: url } = await until(
      'the page is served',
      () => agent.output().match(/listening on (http:\/\/127\.0\.0\.2:\d+)/)?.[1],
    );
    const { page, complaints } = await openPage(t, browser, `${url}/?image=docker.io/library/nginx`);
    await isLive(page);
    await heading(page)
      .filter({ hasText: /^(?:Pulls work|This node is well)/ })
      .waitFor();
    assert.match(
      (await page.locator('.hosts > li').first().textContent()) ?? '',
      new RegExp(`${place.nodeIp}:30020 this node`),
    );
    assert.match((await page.locator('.hosts > li').last().textContent()) ?? '', /registry-1\.docker\.io upstream/);
    assert.deepEqual(await violations(page), []);
    place.configure(`extensions:
  quay:
    path: templates/root_dir/etc/containerd/certs.d/quay.io/hosts.toml
    content: |
      [host.'http://127.0.0.1:30020']
      capabilities = ['pull', 'resolve']
`);
    await page.locator('.files').getByText('quay.io/hosts.toml').waitFor();
    assert.deepEqual(complaints, []);
  });
});
