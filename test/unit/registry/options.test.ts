import { expect } from "chai";
import { registryOptionsSchema, resolveRegistryOptions } from "../../../src/registry/options.ts";
import { refusal } from "./rejection.ts";

describe("Registry options", () => {
  it("fill in every default", () => {
    expect(resolveRegistryOptions({ url: "http://localhost:8081" })).to.deep.include({
      urls: ["http://localhost:8081"],
      auth: { kind: "none" },
      autoRegister: true,
      normalize: true,
      timeoutMs: 10_000,
      retries: 3,
      retryBaseMs: 1_000,
      retryMaxMs: 20_000,
      negativeCacheMs: 30_000,
      maxCachedSchemas: 1_000,
      maxLookupsPerSecond: 5,
    });
  });

  it("keep a base path and drop the slash behind it", () => {
    const { urls } = resolveRegistryOptions({ url: ["http://a:1/apis/ccompat/v7/", "https://b/"] });
    expect(urls).to.deep.equal(["http://a:1/apis/ccompat/v7", "https://b"]);
  });

  it("refuse credentials in a URL without repeating them", () => {
    const error = refusal(() => resolveRegistryOptions({ url: "http://alice:hunter22@registry:8081" }));
    expect(error.code).to.equal("config_invalid");
    expect(error.help).to.include("registry.auth");
    expect(`${error.message} ${error.help} ${JSON.stringify(error.details)}`).to.not.match(/hunter22|alice/);
  });

  for (const url of ["registry:8081", "ftp://registry", "", "http://r/?x=1", "http://r/#x"])
    it(`refuse ${JSON.stringify(url)} as a base URL`, () => {
      expect(refusal(() => resolveRegistryOptions({ url })).code).to.equal("config_invalid");
    });

  it("refuse an empty list of URLs", () => {
    expect(refusal(() => resolveRegistryOptions({ url: [] })).code).to.equal("config_invalid");
  });

  it("are checked member by member", () => {
    const valid = (options: unknown): boolean => registryOptionsSchema.safeParse(options).success;
    expect(valid({ url: "http://r", auth: { kind: "basic", username: "a", password: "b" } })).to.equal(true);
    expect(valid({ url: "http://r", auth: { kind: "bearer", token: async () => "t" } })).to.equal(true);
    expect(valid({ url: "http://r", auth: { kind: "basic", username: "a" } })).to.equal(false);
    expect(valid({ url: "http://r", timeOutMs: 5 })).to.equal(false);
    expect(valid({ url: "http://r", retries: -1 })).to.equal(false);
    expect(valid({ url: "http://r", maxCachedSchemas: 0 })).to.equal(false);
  });
});
