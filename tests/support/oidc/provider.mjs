// A real OpenID Connect provider for tests: the npm package oidc-provider, on loopback.
// stdin: JSON {issuer, port, client_id, client_secret, redirect_uri, acr, accounts: {login: claims}}; prints "ready".
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const given = JSON.parse(readFileSync(0, "utf8"));
const named = [...new Set(Object.values(given.accounts).flatMap(Object.keys))];

const provider = new Provider(given.issuer, {
  clients: [
    {
      client_id: given.client_id,
      client_secret: given.client_secret,
      redirect_uris: [given.redirect_uri],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  acrValues: [given.acr],
  claims: { openid: ["sub", "acr"], ...Object.fromEntries(named.map((name) => [name, [name]])), scope_all: named },
  scopes: ["openid", "scope_all", ...named],
  conformIdTokenClaims: true,
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  cookies: { keys: ["a key of the tests"] },
  async findAccount(_context, login) {
    const claims = given.accounts[login];
    return claims && { accountId: login, claims: async () => ({ sub: login, ...claims }) };
  },
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope([...context.oidc.requestParamScopes].join(" "));
    await grant.save();
    return grant;
  },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith("/interaction/")) return next();
  if (context.method === "GET") {
    context.type = "html";
    context.body = '<form method="post"><label>Login <input name="login"></label><button>Continue</button></form>';
    return;
  }
  const parts = [];
  for await (const part of context.req) parts.push(part);
  const login = new URLSearchParams(Buffer.concat(parts).toString()).get("login");
  const result = given.accounts[login]
    ? { login: { accountId: login, acr: given.accounts[login].acr ?? given.acr } }
    : { error: "access_denied", error_description: "nobody of this name" };
  await provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: false });
  context.respond = false;
});

provider.listen(given.port, "127.0.0.1", () => console.log("ready"));
