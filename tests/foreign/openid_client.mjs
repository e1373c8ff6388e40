// One flow with openid-client: says where to send the person, is told what they brought back, and
// verifies it; but first it spoils each part, to see that the library notices.

import { finish, hear, need, tell } from '../support/script.mjs';

const { Issuer, custom, generators } = need('openid-client');

custom.setHttpOptionsDefaults({ timeout: 50_000 }); // milliseconds; a loaded machine is slow

const told = await hear();
const issuer = await Issuer.discover(told.issuer);
const client = new issuer.Client(told.client);
const [redirectUri] = told.client.redirect_uris;
const [responseType] = told.client.response_types;
const words = responseType.split(' ');

const checks = { response_type: responseType, state: generators.state(), nonce: generators.nonce() };
const request = { ...told.request, redirect_uri: redirectUri, response_type: responseType, state: checks.state, nonce: checks.nonce };
if (!request.response_mode) delete request.response_mode;
if (words.includes('code')) {
  checks.code_verifier = generators.codeVerifier();
  request.code_challenge = generators.codeChallenge(checks.code_verifier);
  request.code_challenge_method = 'S256';
}
tell({ url: client.authorizationUrl(request) });

const answer = Object.fromEntries(await hear());

const spoilt = {
  state: [{ ...answer, state: 'another' }, checks],
  iss: [{ ...answer, iss: 'https://another.example' }, checks],
};
if (words.includes('id_token')) {
  spoilt.nonce = [answer, { ...checks, nonce: 'another' }];
  if (answer.access_token) spoilt.access_token = [{ ...answer, access_token: 'another' }, checks];
  if (answer.code) spoilt.code = [{ ...answer, code: 'another' }, checks];
}
const refused = [];
for (const [name, [parameters, expected]] of Object.entries(spoilt)) {
  try {
    await client.callback(redirectUri, parameters, expected);
  } catch (error) {
    // Found out here, not by asking the provider.
    if (error.name === 'RPError') refused.push(name);
  }
}

const tokens = await client.callback(redirectUri, answer, checks);
const userinfo = tokens.access_token ? await client.userinfo(tokens) : undefined;
tell({ refused, claims: tokens.claims(), userinfo });
finish();
