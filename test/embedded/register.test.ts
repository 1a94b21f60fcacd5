import { createDevRegistry } from "../../src/embedded/registry/index.ts";
import { describeRegister } from "../suites/register.ts";

describe("on the embedded registry:", () => describeRegister(() => createDevRegistry({ log: () => {} })));
