import { type Call, isAsked, json, type Route } from "../http/route.ts";
import { RegistryRefusal, refusals } from "../refusals.ts";
import type { Judgement } from "../state/judging.ts";
import type { SubjectName } from "../state/names.ts";
import { configInForce } from "../state/settings.ts";
import { contextAt, type StoredVersion, versionsOf } from "../state/state.ts";
import { aliasedSubjectOf, readRegistration, wantedVersion } from "./reading.ts";

function historyOf({ registry }: Call, name: SubjectName): readonly StoredVersion[] {
  return versionsOf(contextAt(registry.state, name.context), name.subject, { deleted: false });
}

/** The one version that the path names; none when it is the newest of none. */
function oneOf(call: Call, name: SubjectName): readonly StoredVersion[] {
  const wanted = wantedVersion(call);
  const versions = historyOf(call, name);
  if (wanted === undefined) return versions.slice(-1);
  const found = versions.filter(({ version }) => version === wanted);
  if (found.length === 0) throw refusals.versionNotFound(wanted);
  return found;
}

function test(call: Call, name: SubjectName, versions: readonly StoredVersion[]): object {
  const isVerbose = isAsked(call, "verbose");
  const { isCompatible, messages } = ask(call, name, versions, isVerbose);
  return {
    is_compatible: isCompatible,
    ...(isVerbose && messages.length > 0 ? { messages } : {}),
  };
}

function ask(
  call: Call,
  name: SubjectName,
  versions: readonly StoredVersion[],
  isVerbose: boolean,
): Judgement {
  const { registry } = call;
  const config = configInForce(registry.state, name, registry.options.compatibility);
  const isNormalized = isAsked(call, "normalize") || config.normalize === true;
  try {
    const found = registry.schemas().read(readRegistration(call), name.context, isNormalized);
    return registry.schemas().judge(found, versions, { context: name.context, config });
  } catch (error) {
    const isInvalid = error instanceof RegistryRefusal && error.code === 42201;
    if (!isInvalid || !isVerbose) throw error;
    return { isCompatible: false, messages: [error.message] };
  }
}

const path = "/compatibility/subjects/{subject}/versions";

export const compatibilityRoutes: readonly Route[] = [
  {
    method: "POST",
    path,
    handle(call) {
      const name = aliasedSubjectOf(call);
      return json(test(call, name, historyOf(call, name)));
    },
  },
  {
    method: "POST",
    path: `${path}/{version}`,
    handle(call) {
      const name = aliasedSubjectOf(call);
      return json(test(call, name, oneOf(call, name)));
    },
  },
];
