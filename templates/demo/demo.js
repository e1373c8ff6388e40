'use strict';

// A relying party without a library: OpenID Connect Core 1.0 with id_token token (§3.2) and with code (§3.1) plus PKCE (RFC 7636).
//
// Tokens stay in this page's memory and are gone with it. Only what must survive the way to the provider and back is in the
// session storage: state, nonce, verifier, and the ID Token as the hint for signing out.

const SCOPE = 'openid profile email address phone';
const LEEWAY = 60; // seconds that the two clocks may differ
const REDIRECT_URI = location.origin + '/callback';
const SIGNED_OUT_URI = location.origin + '/';

const element = (id) => document.getElementById(id);
const encoder = new TextEncoder();

let config;   // { issuer, client_id }
let provider; // the discovery document
let tokens;   // the token response, whichever way it came

class Refused extends Error {}

function insist(holds, otherwise) {
  if (!holds) throw new Refused(otherwise);
}

// ---- encodings -----------------------------------------------------------------------------------------------------------

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function bytesOf(text) {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

const jsonOf = (text) => JSON.parse(new TextDecoder().decode(bytesOf(text)));
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const sha256 = (text) => crypto.subtle.digest('SHA-256', encoder.encode(text));

// ---- asking the provider -------------------------------------------------------------------------------------------------

async function ask(url, options = {}) {
  const response = await fetch(url, { credentials: 'omit', ...options });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const said = [answer.error, answer.error_description].filter(Boolean).join(': ');
    throw new Refused(said || `${new URL(url).pathname} answered ${response.status}`);
  }
  return answer;
}

async function discover() {
  const found = await ask(config.issuer.replace(/\/$/, '') + '/.well-known/openid-configuration');
  insist(found.issuer === config.issuer, 'The discovery document is about another issuer.');
  return found;
}

// ---- the ID Token (Core §3.1.3.7, §3.2.2.11) -----------------------------------------------------------------------------

const ALGORITHMS = {
  RS256: { kty: 'RSA', key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, verification: { name: 'RSASSA-PKCS1-v1_5' } },
  ES256: { kty: 'EC', key: { name: 'ECDSA', namedCurve: 'P-256' }, verification: { name: 'ECDSA', hash: 'SHA-256' } },
};

async function verify(idToken, accessToken, nonce) {
  const parts = idToken.split('.');
  insist(parts.length === 3, 'The ID Token is not a signed JWT.');
  const [header, claims] = [jsonOf(parts[0]), jsonOf(parts[1])];
  const algorithm = Object.hasOwn(ALGORITHMS, header.alg) ? ALGORITHMS[header.alg] : undefined;
  insist(algorithm, `The ID Token is signed with ${header.alg}, which this application does not accept.`);

  const { keys } = await ask(provider.jwks_uri);
  const jwk = keys.find((key) => key.kid === header.kid && key.kty === algorithm.kty && (key.alg ?? header.alg) === header.alg
    && (key.use ?? 'sig') === 'sig');
  insist(jwk, 'The key of the ID Token is not among the published ones.');
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm.key, false, ['verify']);
  const signed = encoder.encode(`${parts[0]}.${parts[1]}`);
  insist(await crypto.subtle.verify(algorithm.verification, key, bytesOf(parts[2]), signed), 'The signature of the ID Token is wrong.');

  const now = Date.now() / 1000;
  const audience = [].concat(claims.aud);
  insist(claims.iss === config.issuer, 'The ID Token is from another issuer.');
  insist(audience.includes(config.client_id), 'The ID Token is for another application.');
  insist(audience.length === 1 || claims.azp === config.client_id, 'The ID Token was issued to another application.');
  insist(claims.exp > now - LEEWAY, 'The ID Token has expired.');
  insist(claims.iat < now + LEEWAY, 'The ID Token is from the future.');
  insist(nonce === undefined || claims.nonce === nonce, 'The ID Token answers another request: its nonce differs.');

  const checks = [`the signature (${header.alg})`, 'iss, aud, exp and iat'];
  if (nonce !== undefined) checks.push('nonce');
  if (claims.at_hash !== undefined) {
    const half = base64url((await sha256(accessToken)).slice(0, 16));
    insist(claims.at_hash === half, 'The access token does not belong to the ID Token: at_hash differs.');
    checks.push('at_hash');
  }
  return { claims, checks };
}

// ---- signing in ----------------------------------------------------------------------------------------------------------

async function leave(responseType) {
  const flow = { responseType, state: random(), nonce: random() };
  const query = new URLSearchParams({
    client_id: config.client_id, redirect_uri: REDIRECT_URI, response_type: responseType, scope: SCOPE, state: flow.state, nonce: flow.nonce,
  });
  if (responseType === 'code') {
    flow.verifier = random();
    query.set('code_challenge', base64url(await sha256(flow.verifier)));
    query.set('code_challenge_method', 'S256');
  }
  sessionStorage.setItem('flow', JSON.stringify(flow));
  location.assign(`${provider.authorization_endpoint}?${query}`);
}

async function arrive() {
  const flow = JSON.parse(sessionStorage.getItem('flow') ?? 'null');
  const answer = new URLSearchParams(flow?.responseType === 'code' ? location.search : location.hash.slice(1));
  sessionStorage.removeItem('flow');
  history.replaceState(null, '', '/'); // tokens and codes do not stay in the history
  insist(flow, 'This answer belongs to no request of this page.');
  insist(answer.get('state') === flow.state, 'This answer belongs to another request: state differs.');
  const announced = provider.authorization_response_iss_parameter_supported === true;
  insist(!announced || answer.get('iss') === config.issuer, 'This answer is from another issuer.');
  if (answer.has('error')) {
    throw new Refused([answer.get('error'), answer.get('error_description')].filter(Boolean).join(': '));
  }
  if (flow.responseType === 'code') {
    tokens = await exchange({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: REDIRECT_URI, code_verifier: flow.verifier });
  } else {
    tokens = Object.fromEntries(answer);
    insist(tokens.token_type?.toLowerCase() === 'bearer', 'The access token is of an unknown type.');
  }
  const { claims, checks } = await verify(tokens.id_token, tokens.access_token, flow.nonce);
  // "If the ID Token is issued with an access_token [from the Authorization Endpoint], [at_hash] is REQUIRED" (Core §3.2.2.10)
  insist(flow.responseType === 'code' || claims.at_hash, 'The ID Token has no at_hash.');
  signedIn(claims, checks);
}

function exchange(parameters) {
  return ask(provider.token_endpoint, { method: 'POST', body: new URLSearchParams({ client_id: config.client_id, ...parameters }) });
}

// ---- once signed in ------------------------------------------------------------------------------------------------------

let subject;

function signedIn(claims, checks) {
  subject = claims.sub;
  sessionStorage.setItem('id_token', tokens.id_token);
  element('claims').textContent = JSON.stringify(claims, null, 2);
  element('checks').replaceChildren(...checks.map((check) => Object.assign(document.createElement('li'), { textContent: check })));
  element('refresh').hidden = !tokens.refresh_token;
  show('signed-in', 'You are signed in. The ID Token is genuine.'); // who one is, userinfo tells
}

async function askUserinfo() {
  const claims = await ask(provider.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  insist(claims.sub === subject, 'Userinfo is about somebody else.'); // Core §5.3.2
  element('userinfo-claims').textContent = JSON.stringify(claims, null, 2);
  element('userinfo-part').hidden = false;
  show('signed-in', `Userinfo answered: you are ${claims.name ?? claims.sub}.`);
}

async function refresh() {
  const renewed = await exchange({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  tokens = { ...tokens, ...renewed };
  if (renewed.id_token) { // "the response body [...] might not contain an id_token" (Core §12.2)
    const { claims, checks } = await verify(renewed.id_token, renewed.access_token, undefined);
    insist(claims.sub === subject, 'The new ID Token is about somebody else.');
    signedIn(claims, checks);
  }
  show('signed-in', 'The tokens were renewed.');
}

function signOut() {
  const state = random();
  const hint = sessionStorage.getItem('id_token');
  sessionStorage.clear();
  sessionStorage.setItem('signed-out', state);
  const query = new URLSearchParams({ client_id: config.client_id, id_token_hint: hint, post_logout_redirect_uri: SIGNED_OUT_URI, state });
  location.assign(`${provider.end_session_endpoint}?${query}`);
}

function backFromSigningOut() {
  const expected = sessionStorage.getItem('signed-out');
  const state = new URLSearchParams(location.search).get('state');
  sessionStorage.removeItem('signed-out');
  if (expected === null || state !== expected) return false;
  history.replaceState(null, '', '/');
  return true;
}

// ---- the page ------------------------------------------------------------------------------------------------------------

function show(state, words) {
  element('signed-in').hidden = state !== 'signed-in';
  element('signed-out').hidden = state === 'signed-in' || state === 'working';
  element('status').dataset.state = state;
  element('status').textContent = words;
}

function attempt(action) {
  return async () => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Refused)) console.error(error);
      show('failed', error instanceof Refused ? error.message : `The provider could not be reached or understood (${error.message}).`);
    }
  };
}

async function start() {
  element('login-implicit').addEventListener('click', attempt(() => leave('id_token token')));
  element('login-code').addEventListener('click', attempt(() => leave('code')));
  element('userinfo').addEventListener('click', attempt(askUserinfo));
  element('refresh').addEventListener('click', attempt(refresh));
  element('sign-out').addEventListener('click', attempt(signOut));
  config = await ask('/config.json');
  element('issuer').textContent = config.issuer;
  provider = await discover();
  if (location.pathname === '/callback') return arrive();
  show('signed-out', backFromSigningOut() ? 'You are signed out.' : 'Nobody is signed in here.');
}

attempt(start)();
