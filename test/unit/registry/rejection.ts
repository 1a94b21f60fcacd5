import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";

/** The KeryxError that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<KeryxError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, "a rejection").to.be.instanceOf(KeryxError);
  return error as KeryxError;
}

/** The KeryxError that a call throws. */
export function refusal(call: () => unknown): KeryxError {
  try {
    call();
  } catch (error) {
    expect(error).to.be.instanceOf(KeryxError);
    return error as KeryxError;
  }
  throw new Error("nothing was thrown");
}
