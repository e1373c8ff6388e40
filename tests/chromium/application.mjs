// The demo application, of another origin than the provider: id_token token, then code with PKCE, each to
// the end; and a provider whose published key does not fit.

import assert from 'node:assert/strict';

import { finish, hear, tell } from '../support/script.mjs';
import { calm, inspect, logIn, newcomer } from './browser.mjs';

const { application, issuer, person } = await hear();
assert.notEqual(new URL(application).origin, new URL(issuer).origin);

const page = await newcomer();
const answers = [];
page.on('response', (response) => {
  const location = response.headers().location ?? '';
  if (location.startsWith(application)) answers.push(new URL(location));
});

async function arrive() {
  await page.goto(application);
  await page.waitForSelector('#status[data-state="signed-out"]');
}

async function signIn(button) {
  await page.click(button);
  await logIn(page, person);
  await page.click('#consent-allow');
  await page.waitForSelector('#status[data-state="signed-in"], #status[data-state="failed"]');
  return answers.pop();
}

async function isSignedIn(...checks) {
  assert.equal(await page.textContent('#status'), 'You are signed in. The ID Token is genuine.');
  const shown = await page.locator('#checks li').allTextContents();
  for (const check of ['the signature (RS256)', 'iss, aud, exp and iat', 'nonce', ...checks]) {
    assert.ok(shown.includes(check), `${check} is not among ${shown}`);
  }
  assert.equal(page.url(), `${application}/`, 'nothing stays in the address');
  await page.click('#userinfo');
  await page.waitForSelector('#userinfo-part', { state: 'visible' });
  assert.equal(await page.textContent('#status'), 'Userinfo answered: you are Alice Marie Adams.');
  const claims = JSON.parse(await page.textContent('#userinfo-claims'));
  assert.equal(claims.email, 'alice@example.com');
  calm(page);
  tell('signed in');
}

async function signOut() {
  await page.click('#sign-out');
  await page.waitForSelector('#status[data-state="signed-out"]');
  assert.equal(await page.textContent('#status'), 'You are signed out.');
  tell('signed out');
}

await arrive();
await inspect(page, 'application');
const implicit = await signIn('#login-implicit');
const fragment = new URLSearchParams(implicit.hash.slice(1));
for (const name of ['access_token', 'id_token', 'state', 'expires_in']) assert.ok(fragment.has(name), name);
assert.equal(implicit.search, '');
await isSignedIn('at_hash');
await inspect(page, 'application-signed-in');
await signOut();

// The session is over: the login page comes again.
const code = await signIn('#login-code');
assert.ok(code.searchParams.has('code'));
assert.equal(code.hash, '');
await isSignedIn();
await signOut();
calm(page);

// A key that does not fit shows that the application does verify the signature.
await page.route('**/oauth2/jwks', async (route) => {
  const response = await route.fetch();
  const { keys } = await response.json();
  for (const key of keys) if (key.n) key.n = key.n.replace(/^.{8}/, 'AAAAAAAB'.replace(/^A/, 'u'));
  await route.fulfill({ response, json: { keys } });
});
await arrive();
await signIn('#login-implicit');
assert.equal(await page.textContent('#status'), 'The signature of the ID Token is wrong.');
finish();
