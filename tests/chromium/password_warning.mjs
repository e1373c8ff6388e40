// Passwords that a directory warns of, and its rules for new ones.

import assert from 'node:assert/strict';

import { finish, hear } from '../support/script.mjs';
import { calm, inspect, logIn, newcomer } from './browser.mjs';

const { login, expiring, grace, expired } = await hear();

async function change(page, person, renewed) {
  assert.equal(await page.inputValue('#username'), person.username);
  await page.fill('#current_password', person.password);
  await page.fill('#new_password', renewed);
  await page.fill('#repeated_password', renewed);
  await page.click('#password-submit');
}

// Told once, and on the way all the same.
let page = await newcomer();
await page.goto(login);
await logIn(page, expiring);
await page.waitForSelector('#warning-continue');
assert.match(await page.textContent('h1'), /Your password expires in \d days/);
await inspect(page, 'password-warning');
await page.click('#warning-continue');
await page.waitForSelector('#consent-allow');
calm(page);

page = await newcomer();
await page.goto(login);
await logIn(page, grace);
await page.waitForSelector('#warning-change');
assert.match(await page.textContent('#left'), /1 login left/);
await inspect(page, 'password-expired-warning');

// Without scripts, from the last warning to the change.
page = await newcomer({ javaScriptEnabled: false });
await page.goto(login);
await logIn(page, grace);
await page.waitForSelector('#warning-change');
assert.match(await page.textContent('#left'), /the last time/);
await page.click('#warning-change');
await page.waitForSelector('#password-submit');
await change(page, grace, 'a password that is new');
await page.waitForSelector('#consent-allow');
calm(page);

// What the directory does not allow, it says itself.
page = await newcomer();
await page.goto(login);
await logIn(page, expired);
await page.waitForSelector('#password-submit');
assert.equal(await page.getAttribute('#message', 'data-kind'), 'due');
const least = await page.getAttribute('#new_password', 'minlength');
assert.equal(least, '8');
await change(page, expired, 'too short');
await page.waitForSelector('#message[data-kind=policy]');
await inspect(page, 'password-not-allowed');
await change(page, expired, 'a password that is new');
await page.waitForSelector('#consent-allow');
calm(page);
finish();
