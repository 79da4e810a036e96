import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Status } from '../../src/core/status.ts';
import { startPageServer } from './support/page-server.ts';
import { conflict, large, well, withdrawn } from './support/statuses.ts';

type Shot = {
  readonly name: string;
  readonly status: Status;
  readonly width: number;
  readonly dark?: boolean;
  readonly query?: string;
};

const query = '?image=quay.io/org/app:1.2';
const shots: readonly Shot[] = [
  { name: 'page-well', status: well, width: 1180, query },
  { name: 'page-withdrawn', status: withdrawn, width: 1180, dark: true },
];
/** For looking at: a telephone, a wall, many registries. */
const others: readonly Shot[] = [
  { name: 'conflict-375', status: conflict, width: 375 },
  { name: 'withdrawn-375', status: withdrawn, width: 375, dark: true, query },
  { name: 'withdrawn-3840', status: withdrawn, width: 3840, query },
  { name: 'large-1280', status: large, width: 1280, dark: true },
];

/** Pictures of the page over the fixtures: into docs/images, or into the directory that is named, with more of them. */
const [directory] = process.argv.slice(2);
const target = directory ?? join(import.meta.dirname, '../../docs/images');
mkdirSync(target, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-lcd-text'],
});
for (const shot of directory === undefined ? shots : [...shots, ...others]) {
  const server = await startPageServer(shot.status);
  const page = await browser.newPage({
    viewport: { width: shot.width, height: 800 },
    colorScheme: shot.dark === true ? 'dark' : 'light',
  });
  await page.goto(`${server.url}/${shot.query ?? ''}`);
  await page.locator('#live[data-state=live]').waitFor();
  const file = join(target, `${shot.name}.png`);
  await page.screenshot({ path: file, fullPage: true });
  console.log(file);
  await page.close();
  await server.close();
}
await browser.close();
