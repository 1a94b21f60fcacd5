import { errorCodes } from "../error-codes.ts";
import { int16, list, string } from "../wire/schema.ts";
import { type Api, api } from "./api.ts";

// Version 0 is announced, as old clients look for it, but the unframed tokens that follow it there are refused.

const request = [string("mechanism")];
const response = [int16("errorCode"), list("mechanisms", "string")];

export const saslHandshake: Api = api({ key: 17, request, response }, ({ mechanism }, { session }) => {
  const isKnown = session.choose(mechanism);
  const refusal =
    session.mechanisms.length === 0 ? errorCodes.illegalSaslState : errorCodes.saslMechanismUnsupported;
  return { errorCode: isKnown ? errorCodes.none : refusal, mechanisms: session.mechanisms };
});
