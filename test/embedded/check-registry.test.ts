import { createDevRegistry } from "../../src/embedded/registry/index.ts";
import { describeCheckRegistry } from "../suites/check-registry.ts";

describe("on the embedded registry:", () =>
  describeCheckRegistry(() => createDevRegistry({ log: () => {} }), { isApicurio: false }));
