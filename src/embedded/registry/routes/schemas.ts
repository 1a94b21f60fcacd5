import { type Call, isAsked, json, page, type Route } from "../http/route.ts";
import { refusals } from "../refusals.ts";
import { isEight } from "../registry.ts";
import { formatSubject, parseSubject } from "../state/names.ts";
import { contextAt, type RegistryContext, type StoredSchema } from "../state/state.ts";
import { showSchema, showText, showVersion } from "./shown.ts";
import { selectSubjects } from "./subjects.ts";

interface Found {
  readonly context: RegistryContext;
  readonly schema: StoredSchema;
}

/** The schema of the id in the path; `subject` says in which context. @throws RegistryRefusal 40403 */
function demandSchema(call: Call): Found {
  const { context: name } = parseSubject(call.query.get("subject") ?? "", call.context);
  const context = contextAt(call.registry.state, name);
  const id = call.param("id");
  const schema = /^\d{1,10}$/.test(id) ? context.schemas.get(Number(id)) : undefined;
  if (schema === undefined) throw refusals.schemaNotFound(id);
  return { context, schema };
}

function showById(call: Call): object {
  const { context, schema } = demandSchema(call);
  const maxId = isAsked(call, "fetchMaxId") ? { maxId: context.lastId } : {};
  return { ...showSchema(call, schema, context.name), ...maxId };
}

/** The places of a schema that are to be shown: all of its context, or the subject alone that is asked for. */
function placesOf(call: Call): readonly { readonly subject: string; readonly version: number }[] {
  const { context, schema } = demandSchema(call);
  const { subject: wanted } = parseSubject(call.query.get("subject") ?? "", call.context);
  return [...context.subjects]
    .filter(([subject]) => wanted === "" || subject === wanted)
    .flatMap(([subject, versions]) =>
      versions
        .filter((one) => one.schema === schema && (!one.isDeleted || isAsked(call, "deleted")))
        .map(({ version }) => ({ subject: formatSubject({ context: context.name, subject }), version })),
    )
    .sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.version - b.version));
}

function findByGuid(call: Call): readonly Found[] {
  const guid = call.param("guid").toLowerCase();
  const contexts = isEight(call.registry) ? [...call.registry.state.contexts.values()] : [];
  const found = contexts.flatMap((context) => {
    const schema = context.byGuid.get(guid);
    return schema === undefined ? [] : [{ context, schema }];
  });
  if (found.length === 0) throw refusals.schemaNotFound(guid);
  return found;
}

function listSchemas(call: Call): readonly object[] {
  const isLatestOnly = isAsked(call, "latestOnly");
  const found = selectSubjects(call).flatMap(({ context, subjects }) =>
    [...subjects].sort().flatMap((subject) => {
      const versions = context.subjects.get(subject) ?? [];
      const shown = versions.filter(({ isDeleted }) => !isDeleted || isAsked(call, "deleted"));
      return (isLatestOnly ? shown.slice(-1) : shown).map((version) => ({
        name: { context: context.name, subject },
        version,
      }));
    }),
  );
  return page(call, found).map(({ name, version }) => showVersion(call, name, version));
}

const path = "/schemas/ids/{id}";

export const schemaRoutes: readonly Route[] = [
  { method: "GET", path: "/schemas", handle: (call) => json(listSchemas(call)) },
  { method: "GET", path: "/schemas/types", handle: () => json(["PROTOBUF", "AVRO"]) },
  { method: "GET", path, handle: (call) => json(showById(call)) },
  {
    method: "GET",
    path: `${path}/schema`,
    handle(call) {
      const { context, schema } = demandSchema(call);
      return showText(call, schema, context.name);
    },
  },
  {
    method: "GET",
    path: `${path}/subjects`,
    handle: (call) => json(page(call, [...new Set(placesOf(call).map(({ subject }) => subject))])),
  },
  { method: "GET", path: `${path}/versions`, handle: (call) => json(page(call, placesOf(call))) },
  {
    method: "GET",
    path: "/schemas/guids/{guid}",
    handle(call) {
      const [first] = findByGuid(call);
      return json(first === undefined ? {} : showSchema(call, first.schema, first.context.name));
    },
  },
  {
    method: "GET",
    path: "/schemas/guids/{guid}/ids",
    handle: (call) =>
      json(findByGuid(call).map(({ context, schema }) => ({ context: context.name, id: schema.id }))),
  },
];
