import protobuf from "protobufjs";

/** A TypeScript module that is being generated: where it lies and what it imports. */
export class Module {
  readonly path: string;
  readonly owner: protobuf.NamespaceBase;
  readonly #imports = new Map<string, Map<string, "type" | "value">>();

  constructor(owner: protobuf.NamespaceBase) {
    this.owner = owner;
    this.path = modulePath(owner.fullName);
  }

  /** Names from `wire.ts`. */
  wire(name: string, kind: "type" | "value" = "value"): string {
    return this.#add("src/generated/wire.ts", name, kind);
  }

  reference(object: protobuf.ReflectionObject, kind: "type" | "value" = "value"): string {
    const { owner, name } = declared(object);
    if (owner === this.owner) return name;
    return this.#add(modulePath(owner.fullName), name, kind);
  }

  #add(path: string, name: string, kind: "type" | "value"): string {
    const names = this.#imports.get(path) ?? new Map<string, "type" | "value">();
    this.#imports.set(path, names);
    if (kind === "value" || !names.has(name)) names.set(name, kind);
    return name;
  }

  imports(): string {
    return [...this.#imports]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, names]) => {
        const sorted = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
        const from = `from "${relativeModule(this.path, path)}";\n`;
        if (sorted.every(([, kind]) => kind === "type")) {
          return `import type { ${sorted.map(([name]) => name).join(", ")} } ${from}`;
        }
        return `import { ${sorted.map(([name, kind]) => (kind === "type" ? `type ${name}` : name)).join(", ")} } ${from}`;
      })
      .join("");
  }
}

/** `.containerd.task.v2` -> `src/generated/containerd/task/v2.ts`; the test service lives with the tests. */
export function modulePath(fullName: string): string {
  const path = `${fullName.slice(1).replaceAll(".", "/")}.ts`;
  return path.startsWith("uvmshim/interop/") ? `test/peers/ttrpc/generated/${path}` : `src/generated/${path}`;
}

function relativeModule(from: string, to: string): string {
  const folders = from.split("/").slice(0, -1);
  const target = to.split("/");
  while (folders.length > 0 && folders[0] === target[0]) {
    folders.shift();
    target.shift();
  }
  return `${folders.length === 0 ? "./" : "../".repeat(folders.length)}${target.join("/")}`;
}

export function isDeclaration(object: protobuf.ReflectionObject): boolean {
  return object instanceof protobuf.Type || object instanceof protobuf.Enum || object instanceof protobuf.Service;
}

/** The package of a declaration and its name there: one inside a message has that message's name before its own. */
export function declared(object: protobuf.ReflectionObject): { owner: protobuf.NamespaceBase; name: string } {
  const owner = object.parent;
  if (owner === null) throw new Error(`${object.fullName} stands in no package`);
  if (!isDeclaration(owner)) return { owner, name: object.name };
  const outer = declared(owner);
  return { owner: outer.owner, name: `${outer.name}${object.name}` };
}

export const line = (depth: number, text: string): string => `${"  ".repeat(depth)}${text}\n`;

export function commentText(depth: number, comment: string | null | undefined): string {
  if (!comment) return "";
  const lines = comment.split("\n");
  if (lines.length === 1) return line(depth, `/** ${comment} */`);
  return `${line(depth, "/**")}${lines.map((text) => line(depth, ` * ${text}`)).join("")}${line(depth, " */")}`;
}
