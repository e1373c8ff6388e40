// Every page, as phones and desks show it, by day and by night.

import assert from 'node:assert/strict';

import { finish, hear } from '../support/script.mjs';
import { calm, inspect, logIn, newcomer } from './browser.mjs';

const told = await hear();
const { issuer, person } = told;
const page = await newcomer();

await page.goto(`${issuer}/`);
await inspect(page, 'home');

await page.goto(told.login);
await page.waitForSelector('#login-submit');
assert.ok(await page.evaluate(() => document.querySelector('.emblem').naturalWidth > 0), 'the logo is shown');
await inspect(page, 'login');
await logIn(page, { ...person, password: 'not this' });
await page.waitForSelector('#message');
await inspect(page, 'login-refused');

await logIn(page, person);
await page.waitForSelector('#consent-allow');
await inspect(page, 'consent');
await page.goto(told.consent);
await page.waitForSelector('#consent-allow');
await inspect(page, 'consent-everything');

await page.goto(told.choice);
await page.waitForSelector('#choice-continue');
await inspect(page, 'choice');

await page.goto(`${issuer}/`);
await inspect(page, 'home-signed-in');

await page.goto(told.error);
await page.waitForSelector('#reference');
await inspect(page, 'error');
await page.goto(`${issuer}/nowhere`);
await page.waitForSelector('#reference');
await inspect(page, 'not-found');

await page.goto(`${issuer}/logout`);
await page.waitForSelector('#logout-confirm');
await inspect(page, 'logout');
await page.click('#logout-confirm');
await page.waitForSelector('text=You are signed out');
await inspect(page, 'logged-out');

// What is shown for a moment, held still: an answer without content leads nowhere.
await page.route('**/callback', (route) => route.fulfill({ status: 204 }));
await page.goto(told.form_post);
await logIn(page, person);
await page.click('#consent-allow');
await page.waitForSelector('#form-post-continue');
await inspect(page, 'form-post');

await page.goto(`${issuer}/docs`);
await page.waitForSelector('.opblock');
await inspect(page, 'docs');
calm(page);
finish();
