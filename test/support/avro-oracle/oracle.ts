import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { avroClassPath } from "../servers/artifacts.ts";
import { findJava, type Java, smallHeap } from "../servers/java.ts";

export interface AvroQuestion {
  /** Texts, each of which may use the types of those before it; the last one is the schema. */
  readonly reader: readonly string[];
  readonly writer: readonly string[];
}

export type AvroAnswer =
  | { readonly refused: "reader" | "writer"; readonly message: string }
  | { readonly exception: string }
  | { readonly list: readonly (readonly [kind: string, path: string, message: string])[] };

export interface AvroOracle {
  readonly java: Java;
  readonly classPath: string;
}

/** Avro's own Java library. @throws ServersUnavailable */
export async function findAvroOracle(): Promise<AvroOracle> {
  return { java: await findJava(), classPath: await avroClassPath() };
}

/** The answers of Avro's own library, in the order of the questions. Java compiles the one source file as it starts. */
export async function askAvro(
  { java, classPath }: AvroOracle,
  questions: readonly AvroQuestion[],
): Promise<readonly AvroAnswer[]> {
  const program = join(import.meta.dirname, "AvroOracle.java");
  const child = spawn(java.command, [...smallHeap, "-cp", classPath, program], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  // A program that ends early says why on its other stream.
  child.stdin.on("error", () => {});
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code) => resolve(`exit code ${code}`));
  });
  try {
    for (const question of questions) child.stdin.write(`${JSON.stringify(question)}\n`);
    child.stdin.end();
    const answers: AvroAnswer[] = [];
    for await (const line of createInterface({ input: child.stdout }))
      answers.push(JSON.parse(line) as AvroAnswer);
    if (answers.length !== questions.length)
      throw new Error(`Java answered ${answers.length} of ${questions.length}: ${await ended}\n${complaint}`);
    return answers;
  } finally {
    child.kill("SIGKILL");
  }
}
