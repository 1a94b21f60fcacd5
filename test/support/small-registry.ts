import type { Reply, SeenRequest } from "./fault-server.ts";

interface Kept {
  readonly id: number;
  readonly version: number;
  readonly text: string;
}

/** A registry's memory, for a server that answers as it says: just what registering asks for, refusals on demand. */
export interface SmallRegistry {
  /** Subjects that take no further version. */
  readonly refusing: Set<string>;
  readonly levels: Map<string, string>;
  /** Versions by subject. */
  readonly subjects: Map<string, Kept[]>;
  reply(request: SeenRequest): Reply;
}

const absent = (code: number): Reply => ({ status: 404, body: { error_code: code, message: "not there" } });
const ok = (body: unknown): Reply => ({ status: 200, body });

export function createSmallRegistry(): SmallRegistry {
  const subjects = new Map<string, Kept[]>();
  const levels = new Map<string, string>();
  const refusing = new Set<string>();
  const ids = new Map<string, number>();

  function register(subject: string, text: string): Reply {
    const known = subjects.get(subject) ?? [];
    const same = known.find((one) => one.text === text);
    if (same !== undefined) return ok({ id: same.id, version: same.version });
    if (refusing.has(subject)) return { status: 409, body: { error_code: 40901, message: "incompatible" } };
    const id = ids.get(text) ?? ids.size + 1;
    ids.set(text, id);
    const version = known.length + 1;
    subjects.set(subject, [...known, { id, version, text }]);
    return ok({ id, version });
  }

  return {
    refusing,
    levels,
    subjects,
    reply({ method, path, body }) {
      const [, area = "", second = "", third = "", fourth = ""] = path.replace(/\?.*$/, "").split("/");
      const subject = decodeURIComponent(area === "compatibility" ? third : second);
      const text = JSON.stringify(body ?? null);
      const known = subjects.get(subject);
      if (area === "compatibility")
        return ok({
          is_compatible: known === undefined || !refusing.has(subject),
          messages: refusing.has(subject) ? ["READER_FIELD_MISSING_DEFAULT_VALUE"] : [],
        });
      if (area === "config" && method === "PUT") {
        levels.set(subject, (body as { compatibility: string }).compatibility);
        return ok(body);
      }
      if (area === "config" && subject === "") return ok({ compatibilityLevel: "BACKWARD" });
      if (area === "config") {
        const level = levels.get(subject);
        return level === undefined ? absent(40408) : ok({ compatibilityLevel: level });
      }
      if (method === "POST" && third === "versions") return register(subject, text);
      if (known === undefined) return absent(40401);
      if (method === "POST") {
        const found = known.find((one) => one.text === text);
        return found === undefined ? absent(40403) : ok({ subject, id: found.id, version: found.version });
      }
      if (fourth === "") return ok(known.map(({ version }) => version));
      const kept = known.find(({ version }) => String(version) === fourth);
      if (kept === undefined) return absent(40402);
      return ok({ subject, id: kept.id, version: kept.version, ...(JSON.parse(kept.text) as object) });
    },
  };
}
