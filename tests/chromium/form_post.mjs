// An answer by form_post to another site, which answers the POST with a redirect to a third origin: once by
// itself, once with scripts disabled, by the button.

import assert from 'node:assert/strict';

import { finish, hear, tell } from '../support/script.mjs';
import { calm, logIn, newcomer } from './browser.mjs';

const { scripted, plain, onward, person } = await hear();

const page = await newcomer();
await page.goto(scripted);
await logIn(page, person);
await page.click('#consent-allow');
await page.waitForURL(onward);
assert.equal(await page.textContent('h1'), 'Welcome');
calm(page);
tell('posted by itself');

const careful = await newcomer({ javaScriptEnabled: false });
await careful.goto(plain);
await logIn(careful, person);
await careful.click('#consent-allow');
await careful.click('#form-post-continue');
await careful.waitForURL(onward);
assert.equal(await careful.textContent('h1'), 'Welcome');
assert.deepEqual(careful.complaints.filter((text) => !text.includes('scripting is disabled') && !text.includes("'allow-scripts'")), []);
finish();
