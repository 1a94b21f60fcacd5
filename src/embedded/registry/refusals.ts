/** An answer that is an error: what a route throws and the server prints. */
export class RegistryRefusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.name = "RegistryRefusal";
    this.status = status;
    this.code = code;
  }
}

const missing = (code: number, message: string): RegistryRefusal => new RegistryRefusal(404, code, message);
const unprocessable = (code: number, message: string): RegistryRefusal =>
  new RegistryRefusal(422, code, message);

/** The refusals of a registry, each with its code. Clients read the codes, so there is one place for them. */
export const refusals = {
  subjectNotFound: (subject: string): RegistryRefusal => missing(40401, `Subject '${subject}' not found.`),
  versionNotFound: (version: number): RegistryRefusal => missing(40402, `Version ${version} not found.`),
  schemaNotFound: (id?: number | string): RegistryRefusal =>
    missing(40403, id === undefined ? "Schema not found" : `Schema ${id} not found`),
  subjectSoftDeleted: (subject: string): RegistryRefusal =>
    missing(40404, `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`),
  subjectNotSoftDeleted: (subject: string): RegistryRefusal =>
    missing(40405, `Subject '${subject}' was not deleted first before being permanently deleted`),
  versionSoftDeleted: (subject: string, version: number): RegistryRefusal =>
    missing(
      40406,
      `Subject '${subject}' Version ${version} was soft deleted. Set permanent=true to delete permanently`,
    ),
  versionNotSoftDeleted: (subject: string, version: number): RegistryRefusal =>
    missing(
      40407,
      `Subject '${subject}' Version ${version} was not deleted first before being permanently deleted`,
    ),
  levelNotSet: (subject: string): RegistryRefusal =>
    missing(40408, `Subject '${subject}' does not have subject-level compatibility configured`),
  modeNotSet: (subject: string): RegistryRefusal =>
    missing(40409, `Subject '${subject}' does not have subject-level mode configured`),
  invalidSchema: (why: string): RegistryRefusal => unprocessable(42201, why),
  invalidVersion: (version: string): RegistryRefusal =>
    unprocessable(
      42202,
      `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    ),
  invalidLevel: (): RegistryRefusal =>
    unprocessable(
      42203,
      "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive",
    ),
  invalidMode: (): RegistryRefusal =>
    unprocessable(
      42204,
      "Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, IMPORT and FORWARD",
    ),
  notPermitted: (why: string): RegistryRefusal => unprocessable(42205, why),
  referenced: (subject: string, version: number): RegistryRefusal =>
    unprocessable(42206, `One or more references exist to version ${version} of subject '${subject}'`),
  idMismatch: (id: number, kept: number): RegistryRefusal =>
    unprocessable(42207, `The schema is registered with id ${kept} and not with id ${id}`),
  invalidSubject: (): RegistryRefusal =>
    unprocessable(42208, "The specified subject is not a valid subject."),
  schemaTooLarge: (why: string): RegistryRefusal => unprocessable(42209, why),
  invalidRuleSet: (why: string): RegistryRefusal => unprocessable(42210, `Invalid rule set: ${why}`),
  contextNotEmpty: (context: string): RegistryRefusal =>
    unprocessable(42211, `The specified context '${context}' is not empty.`),
  incompatible: (code: number, subject: string, messages: readonly string[]): RegistryRefusal =>
    new RegistryRefusal(
      409,
      code,
      `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${messages.join(", ")}]`,
    ),
  /** What any HTTP server says; the code is the status. */
  http: (status: number, why: string): RegistryRefusal =>
    new RegistryRefusal(status, status, `HTTP ${status} ${why}`),
} as const;
