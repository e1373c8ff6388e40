// An application of another site posts its authorization request, over TLS: such a request brings no
// session cookie, and must find the session all the same.

import { finish, hear, tell } from '../support/script.mjs';
import { calm, logIn, newcomer } from './browser.mjs';

const { site, first, silent, onward, person } = await hear();
const page = await newcomer({ ignoreHTTPSErrors: true });

async function post(request) {
  await page.goto(site);
  await page.evaluate((request) => {
    const { origin, pathname, searchParams } = new URL(request);
    const form = Object.assign(document.createElement('form'), { method: 'post', action: origin + pathname });
    for (const [name, value] of searchParams) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    document.body.append(form);
    form.submit();
  }, request);
  tell('posted');
}

await post(first);
await page.waitForSelector('#login-submit');
await logIn(page, person);
await page.click('#consent-allow');
await page.waitForURL(onward);

await post(silent);
await page.waitForURL(onward);
calm(page);
finish();
