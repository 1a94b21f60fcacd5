import type { Route } from "../http/route.ts";
import { compatibilityRoutes } from "./compatibility.ts";
import { configRoutes } from "./configs.ts";
import { deletionRoutes } from "./deletions.ts";
import { modeRoutes } from "./modes.ts";
import { schemaRoutes } from "./schemas.ts";
import { serverRoutes } from "./server.ts";
import { subjectRoutes } from "./subjects.ts";

/** Everything that the registry answers. */
export const routes: readonly Route[] = [
  ...subjectRoutes,
  ...deletionRoutes,
  ...schemaRoutes,
  ...compatibilityRoutes,
  ...configRoutes,
  ...modeRoutes,
  ...serverRoutes,
];
