import { toPlainContract } from "./contracts.ts";
import type { SchemaContent } from "./state.ts";

type Contract = Pick<SchemaContent, "metadata" | "ruleSet">;

/** @param text equal for texts that are the same to the registry */
export function bareIdentityOf(
  { type, references }: Pick<SchemaContent, "type" | "references">,
  text: string,
): string {
  return JSON.stringify([type, text, references.map((one) => [one.name, one.subject, one.version])]);
}

/** Equal for schemas that are one to the registry: the same text, references, metadata and rules. */
export function identityOf(
  bareIdentity: string,
  { metadata = null, ruleSet = null }: { readonly [K in keyof Contract]?: Contract[K] | null },
): string {
  return `${bareIdentity}${JSON.stringify([toPlainContract(metadata), toPlainContract(ruleSet)])}`;
}
