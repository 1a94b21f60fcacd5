import { expect } from "chai";
import {
  type KafkajsInternals,
  loadInternals,
  patchKafkajs,
} from "../../../../src/transport/kafkajs/patches.ts";
import { createRecorder } from "../../../suites/transport-tools.ts";

function stub(version: string): KafkajsInternals & { readonly original: () => void } {
  const original = (): void => {};
  const prototype = {
    pending: [],
    throttledUntil: -1,
    throttleCheckTimeoutId: null,
    checkPendingRequests() {},
    scheduleCheckPendingRequests: original,
  };
  return {
    version,
    errorCodes: [{ type: "UNKNOWN", code: -1, retriable: false, message: "" }],
    requestQueue: { prototype },
    original,
  };
}

describe("corrections to kafkajs", () => {
  it("apply to 2.2.4", () => {
    const internals = stub("2.2.4");
    const { signals, observe } = createRecorder();
    expect(patchKafkajs(internals, observe)).to.equal(true);
    expect(internals.errorCodes.find(({ code }) => code === 89)).to.include({
      type: "THROTTLING_QUOTA_EXCEEDED",
      retriable: true,
    });
    expect(internals.requestQueue.prototype.scheduleCheckPendingRequests).not.to.equal(internals.original);
    expect(signals).to.deep.equal([]);
  });

  it("twice are the same as once", () => {
    const internals = stub("2.2.4");
    patchKafkajs(internals, () => {});
    const { length } = internals.errorCodes;
    patchKafkajs(internals, () => {});
    expect(internals.errorCodes).to.have.length(length);
  });

  for (const version of ["2.2.3", "2.3.0-beta.3", "3.0.0"])
    it(`leave ${version} alone, with one warning that names it`, () => {
      const internals = stub(version);
      const { signals, observe } = createRecorder();
      expect(patchKafkajs(internals, observe)).to.equal(false);
      expect(internals.errorCodes).to.have.length(1);
      expect(internals.requestQueue.prototype.scheduleCheckPendingRequests).to.equal(internals.original);
      expect(signals).to.have.length(1);
      expect(signals[0]).to.have.property("message").that.contains(version);
    });

  it("find the version that is installed", () => {
    expect(loadInternals().version).to.equal("2.2.4");
  });

  it("set no timer with a negative delay, and none without need", async () => {
    const internals = stub("2.2.4");
    patchKafkajs(internals, () => {});
    const { scheduleCheckPendingRequests } = internals.requestQueue.prototype;
    let checks = 0;
    const queue = {
      ...internals.requestQueue.prototype,
      scheduleCheckPendingRequests,
      checkPendingRequests: () => {
        checks += 1;
      },
    };
    scheduleCheckPendingRequests.call(queue);
    expect(queue.throttleCheckTimeoutId).to.equal(null);
    const waiting = { ...queue, pending: [1] };
    scheduleCheckPendingRequests.call(waiting);
    scheduleCheckPendingRequests.call(waiting);
    const throttled = { ...queue, pending: [1], throttledUntil: Date.now() + 30 };
    scheduleCheckPendingRequests.call(throttled);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(checks).to.equal(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(checks).to.equal(2);
  });
});
