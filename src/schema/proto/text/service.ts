import { limitFault } from "../../limits.ts";
import type { TextSpan } from "../../text-span.ts";
import type { ProtoMethod, ProtoMethodType, ProtoOption, ProtoService } from "../model.ts";
import { type ProtoReader, readOptionStatement } from "./reader.ts";

/** `service Name { … }`, the reader standing behind `service`. */
export function readService(reader: ProtoReader, first: TextSpan): ProtoService {
  const name = reader.identifier("The name of a service");
  const methods: ProtoMethod[] = [];
  const options: ProtoOption[] = [];
  reader.expect("{");
  while (!reader.skip("}")) {
    if (reader.skip(";")) continue;
    if (reader.skip("option")) options.push(readOptionStatement(reader));
    else methods.push(readMethod(reader));
    if (methods.length > reader.limits.fields)
      throw reader.refuse(`A service has more than ${reader.limits.fields} methods.`, limitFault);
  }
  return { name, methods, options, at: reader.since(first) };
}

function readMethod(reader: ProtoReader): ProtoMethod {
  reader.expect("rpc");
  const name = reader.identifier("The name of a method");
  const input = readMethodType(reader);
  reader.expect("returns");
  const output = readMethodType(reader);
  const options: ProtoOption[] = [];
  if (!reader.skip("{")) reader.expect(";");
  else
    while (!reader.skip("}")) {
      if (reader.skip(";")) continue;
      reader.expect("option");
      options.push(readOptionStatement(reader));
    }
  return { name, input, output, options };
}

/** `(stream a.B)`; a type may be called `stream` itself. */
function readMethodType(reader: ProtoReader): ProtoMethodType {
  reader.expect("(");
  const isStream = reader.is("stream") && reader.ahead().text !== ")";
  if (isStream) reader.next();
  const name = reader.dotted("A type");
  reader.expect(")");
  return { name, isStream };
}
