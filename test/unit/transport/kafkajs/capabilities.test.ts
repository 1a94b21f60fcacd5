import { expect } from "chai";
import { probeCapabilities } from "../../../../src/transport/kafkajs/capabilities.ts";
import { createKafkajsPort } from "../../../../src/transport/kafkajs.ts";

const able = { pause() {}, resume() {}, seek() {} } as never;
const reached = { findGroupCoordinator() {} } as never;

describe("the probe of the client's capabilities", () => {
  it("finds all that is needed in the kafkajs that is installed, without connecting anywhere", async () => {
    const port = createKafkajsPort({ brokers: ["127.0.0.1:1"] }, () => {});
    expect(port.capabilities).to.include({
      client: "kafkajs 2.2.4",
      partitionPause: true,
      commitMetadata: true,
      awaitedRevoke: true,
    });
    await port.close();
  });

  it("misses what a client does not have", () => {
    const open = () => ({ client: able, cluster: reached });
    expect(probeCapabilities({ version: "2.2.4", open })).to.include({
      partitionPause: true,
      awaitedRevoke: true,
    });
    const other = probeCapabilities({ version: "2.3.0", open });
    expect(other).to.include({
      client: "kafkajs 2.3.0",
      partitionPause: true,
      awaitedRevoke: false,
      commitMetadata: false,
    });
    const lame = probeCapabilities({ version: "2.2.4", open: () => ({ client: {}, cluster: {} }) });
    expect(lame).to.include({ partitionPause: false, awaitedRevoke: false });
    const closed = probeCapabilities({
      version: "2.2.4",
      open: () => {
        throw new Error("its cluster cannot be reached");
      },
    });
    expect(closed).to.include({ partitionPause: false, awaitedRevoke: false });
  });
});
