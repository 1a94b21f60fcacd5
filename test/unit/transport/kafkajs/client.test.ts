import { expect } from "chai";
import type { KeryxError } from "../../../../src/core/errors.ts";
import { checkTlsFiles, toClientSasl } from "../../../../src/transport/kafkajs/client.ts";

type Oauth = { oauthBearerProvider(): Promise<{ value: string }> };

describe("client settings", () => {
  it("a login by name and password is passed on as it is", () => {
    const sasl = { mechanism: "scram-sha-512", username: "u", password: "p" } as const;
    expect(toClientSasl(sasl)).to.deep.equal(sasl);
  });

  it("an OAuth token is asked for at each login", async () => {
    let asked = 0;
    const token = async () => ({ value: `t${++asked}`, expiresAtMs: Date.now() + 60_000 });
    const { oauthBearerProvider } = toClientSasl({ mechanism: "oauthbearer", token }) as unknown as Oauth;
    expect(await oauthBearerProvider()).to.deep.equal({ value: "t1" });
    expect(await oauthBearerProvider()).to.deep.equal({ value: "t2" });
  });

  for (const [what, token, words] of [
    ["that has expired", async () => ({ value: "t", expiresAtMs: 1 }), "expired"],
    ["that cannot be had", async () => Promise.reject(new Error("provider away")), "provider away"],
    ["that fails with something odd", async () => Promise.reject("odd"), "odd"],
  ] as const)
    it(`an OAuth token ${what} is auth_failed, with the reason`, async () => {
      const { oauthBearerProvider } = toClientSasl({ mechanism: "oauthbearer", token }) as unknown as Oauth;
      const error = await oauthBearerProvider().then(
        () => undefined,
        (thrown: KeryxError) => thrown,
      );
      expect(error?.code).to.equal("auth_failed");
      expect(error?.message).to.contain(words);
    });

  it("each TLS file that cannot be read is named by its setting", () => {
    for (const setting of ["caPath", "certPath", "keyPath"] as const)
      expect(() => checkTlsFiles({ [setting]: "/nowhere.pem" })).to.throw(`tls.${setting}: /nowhere.pem`);
    checkTlsFiles(true);
    checkTlsFiles(false);
  });
});
