import { errorCodes } from "../error-codes.ts";
import { bytes, int16, int64, nullableString } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Wrong credentials are 58 with a message, and the connection is closed behind it. A session may be renewed on the same
// connection before its lifetime is over (KIP-368).

const request = [bytes("authBytes")];
const response = [
  int16("errorCode"),
  nullableString("errorMessage"),
  bytes("authBytes"),
  int64("sessionLifetimeMs", { since: 1 }),
];

export const saslAuthenticate: Api = api(
  { key: 36, request, response },
  ({ authBytes }, { session, cluster }) => {
    const step = session.step(authBytes, cluster.clock.now());
    if (step.kind === "refused")
      return { errorCode: errorCodes.saslAuthenticationFailed, errorMessage: step.message };
    return { authBytes: step.answer, sessionLifetimeMs: step.kind === "done" ? session.lifetimeMs : 0 };
  },
);
