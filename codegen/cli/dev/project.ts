import { existsSync } from "node:fs";
import { join } from "node:path";
import { KeryxError } from "../../../src/core/errors.ts";
import { createRegistryAdmin } from "../../../src/registry/admin.ts";
import { showText } from "../../diagnostics-print.ts";
import type { CheckedModel } from "../../index.ts";
import { applyPlan } from "../../register.ts";
import { collectTexts, planRegistration } from "../../register-plan.ts";
import type { CommandOptions, Io } from "../command.ts";
import { loadClean, type OpenProject, openProject } from "../load.ts";
import { formatRefusal } from "../register/report.ts";
import type { DevServers } from "./servers.ts";
import { toDevTopics } from "./topics.ts";

/** @throws KeryxError `usage` outside a project; `config_invalid` */
export function openDevProject(options: CommandOptions, io: Io): OpenProject {
  const project = openProject(options, io);
  const isProject = project.config.file !== undefined || existsSync(join(project.root, project.schemas));
  if (isProject) return project;
  throw new KeryxError(
    "usage",
    `${showText(project.root)} is no project: it has no keryx.yaml and no ${project.schemas}.`,
    {
      help: "Start one with `keryx init`, name one with `--project`, or run without one: `keryx dev --empty`.",
    },
  );
}

/** The model; undefined after showing what is wrong with the schemas. */
export async function loadDevProject(project: OpenProject, io: Io): Promise<CheckedModel | undefined> {
  const loading = loadClean(project, io);
  // The registry loads it with the first schema; there is time for that now.
  const preloading = import("../../../src/embedded/registry/state/schemas.ts");
  const [checked] = await Promise.all([loading, preloading]);
  return checked;
}

/** Creates the topics and registers the subjects. @throws KeryxError where one is refused */
export async function fillServers(
  project: OpenProject,
  { model }: CheckedModel,
  { broker, registry }: DevServers,
  brokers: number,
  io: Io,
): Promise<readonly string[]> {
  const topics = toDevTopics(model, project.config, brokers);
  for (const topic of topics) broker.createTopic(topic);
  if (project.config.consumer.naming === "group")
    io.note(
      "Retry and dead-letter topics are named after groups here: consumers create them with `createTopics: true`.\n",
    );
  const { texts, refusals } = collectTexts(model.events);
  if (refusals.length > 0)
    throw new KeryxError("schema_invalid", refusals.map(formatRefusal).join("").trimEnd());
  const admin = createRegistryAdmin({ url: registry.url, retries: 0 }, () => {});
  try {
    // The registry is new: there is nothing to ask it first.
    const { error } = await applyPlan(admin, planRegistration(texts, new Map(), new Map()));
    if (error !== undefined) throw error;
  } finally {
    await admin.close();
  }
  return topics.map(({ name }) => name);
}
