import type { TestContext } from 'node:test';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { generousMs } from './until.ts';

/** Debian's Chromium, ended with the test. Traffic goes to loopback only. */
export const startBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    timeout: 4 * generousMs,
  });

export type Opened = { readonly page: Page; readonly complaints: readonly string[] };

/** A page of its own; whatever the browser complains about (policy, scripts, resources) is kept. */
export const openPage = async (
  t: TestContext,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> => {
  // The helpers of a test are no part of the page: its policy does not hold for them.
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(2 * generousMs);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) complaints.push(`asks elsewhere: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
};

/** What axe has against the page, one line each. */
export const violations = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    'axe.run().then(({ passes, violations }) => passes.length < 10 ? ["axe has looked at nothing"] : violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + " " + failureSummary).join(" | ")))',
  );
  return found as readonly string[];
};
