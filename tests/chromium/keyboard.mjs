// From the application to the application and out again without a mouse.

import assert from 'node:assert/strict';

import { finish, hear, tell } from '../support/script.mjs';
import { calm, newcomer } from './browser.mjs';

const { issuer, login, onward, person } = await hear();
const page = await newcomer();

const focused = () => page.evaluate(() => document.activeElement.id);

/// Presses Tab until the element has the focus, and sees that this shows.
async function tabTo(id) {
  for (let pressed = 0; (await focused()) !== id; pressed += 1) {
    assert.ok(pressed < 12, `Tab does not lead to ${id}`);
    await page.keyboard.press('Tab');
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outline);
  assert.match(outline, /solid [3-9]px/, `the focus on ${id} is visible`);
  tell(`at ${id}`);
}

await page.goto(login);
assert.equal(await focused(), 'username', 'one can type at once');
await page.keyboard.type(person.username);
await tabTo('password');
await page.keyboard.type('not this');
await page.keyboard.press('Enter');

// After a refusal the name stands, and the password is typed again.
await page.waitForSelector('#message');
assert.equal(await focused(), 'password');
assert.equal(await page.inputValue('#username'), person.username);
await page.keyboard.type(person.password);
await tabTo('login-submit');
await page.keyboard.press('Enter');

await page.waitForSelector('#consent-allow');
await tabTo('consent-deny');
await tabTo('consent-allow');
await page.keyboard.press('Space');
await page.waitForURL(onward);

await page.goto(`${issuer}/`);
await tabTo('home-logout');
await page.keyboard.press('Enter');
await page.waitForSelector('#logout-confirm');
await tabTo('logout-confirm');
await page.keyboard.press('Enter');
await page.waitForSelector('text=You are signed out');
calm(page);
finish();
