// Chromium as a person has it, and what must hold of every page that it shows.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { need, tell } from '../support/script.mjs';

const { chromium } = need('playwright-core');
const axe = readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');
const artefacts = fileURLToPath(new URL('../artefacts/', import.meta.url));
mkdirSync(artefacts, { recursive: true });

const PATIENCE = 45_000; // milliseconds; a loaded machine is slow

// With a profile of its own, which is gone afterwards.
const browser = await chromium.launch({
  executablePath: process.env.VESTIBULE_TEST_CHROMIUM,
  timeout: PATIENCE,
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});

/// Somebody without cookies. `page.complaints` holds what the browser's console has against the pages.
export async function newcomer(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.complaints = [];
  const failed = new Set();
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.status() >= 400) failed.add(response.url());
  });
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    // That an error page is one is no complaint.
    const expected = message.text().startsWith('Failed to load resource') && failed.has(message.location().url);
    if (!expected) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

/// The browser found nothing wrong with any page so far.
export function calm(page) {
  assert.deepEqual(page.complaints, []);
}

export async function logIn(page, person) {
  await page.fill('#username', person.username);
  await page.fill('#password', person.password);
  await page.click('#login-submit');
  tell('logged in');
}

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/// Keeps a picture of the page in each size and scheme, and has axe examine what the picture shows.
export async function inspect(page, name) {
  await page.evaluate(axe);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${artefacts}${name}-${size}-${colorScheme}.png`, fullPage: name !== 'docs', animations: 'disabled' });
      const violations = await page.evaluate(async (rules) => {
        const found = await globalThis.axe.run(document, { runOnly: rules, preload: false });
        return found.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => [node.html, node.failureSummary]) }));
      }, RULES);
      assert.deepEqual(violations, [], `${name}, ${size}, ${colorScheme}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${name} is wider than a ${size}: ${width}`);
      tell(`${name} ${size} ${colorScheme}`);
    }
  }
  await page.setViewportSize(SIZES.desktop);
}
