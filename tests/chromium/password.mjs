// A password that must be changed first: once with a keyboard, once without scripts.

import assert from 'node:assert/strict';

import { finish, hear } from '../support/script.mjs';
import { calm, inspect, logIn, newcomer } from './browser.mjs';

const { login, people: [alice, bob] } = await hear();
const renewed = 'a password that is new';
const page = await newcomer();
const focused = () => page.evaluate(() => document.activeElement.id);

await page.goto(login);
await logIn(page, alice);
await page.waitForSelector('#password-submit');
assert.equal(await page.getAttribute('#message', 'data-kind'), 'due');
assert.equal(await page.inputValue('#username'), alice.username);
await inspect(page, 'password-due');

// The present password is typed again, as nothing keeps it; then each field is a Tab away.
assert.equal(await focused(), 'current_password');
await page.keyboard.type(alice.password);
for (const [id, text] of [['new_password', renewed], ['repeated_password', 'another one altogether']]) {
  await page.keyboard.press('Tab');
  assert.equal(await focused(), id);
  await page.keyboard.type(text);
}
await page.keyboard.press('Enter');
await page.waitForSelector('#message[data-kind=mismatch]');
assert.equal(await page.inputValue('#new_password'), '');
await inspect(page, 'password-refused');

async function change(page, person) {
  await page.fill('#current_password', person.password);
  await page.fill('#new_password', renewed);
  await page.fill('#repeated_password', renewed);
  await page.click('#password-submit');
  await page.waitForSelector('#consent-allow');
}

await change(page, alice);
calm(page);

const plain = await newcomer({ javaScriptEnabled: false });
await plain.goto(login);
await logIn(plain, bob);
await plain.waitForSelector('#password-submit');
await change(plain, bob);
calm(plain);
finish();
