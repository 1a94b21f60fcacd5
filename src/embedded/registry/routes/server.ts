import { type Answer, type Call, json, page, type Route } from "../http/route.ts";
import { contextName } from "../http/router.ts";
import { refusals } from "../refusals.ts";
import { defaultContext } from "../state/names.ts";

function deleteContext(call: Call): Answer {
  const { contexts } = call.registry.state;
  const name = contextName(call.param("context"));
  if ((contexts.get(name)?.subjects.size ?? 0) > 0) throw refusals.contextNotEmpty(name);
  // The default one is always there.
  if (name !== defaultContext) contexts.delete(name);
  return { kind: "nothing" };
}

/** Of the server itself, and what newer clients ask before their first record. */
export const serverRoutes: readonly Route[] = [
  { method: "GET", path: "/", handle: () => json({}) },
  {
    method: "GET",
    path: "/contexts",
    handle: (call) => json(page(call, [...call.registry.state.contexts.keys()].sort())),
  },
  { method: "DELETE", path: "/contexts/{context}", handle: deleteContext },
  // Nobody can associate anything here, so clients take their fallback.
  {
    method: "GET",
    path: "/associations/resources/{namespace}/{resource}",
    handle: () => json([]),
  },
  {
    method: "GET",
    path: "/v1/metadata/id",
    handle: ({ registry: { clusterId } }) => json({ scope: { path: [], clusters: {} }, id: clusterId }),
  },
  {
    method: "GET",
    path: "/v1/metadata/version",
    handle: ({ registry: { options } }) =>
      json({ version: options.dialect.release, commitId: `keryx ${options.dialect.name}` }),
  },
];
