import protobuf from "protobufjs";
import { FieldText } from "./generate-proto-field.ts";
import { commentText, declared, isDeclaration, line, Module, modulePath } from "./generate-proto-module.ts";

/**
 * A pbjs target: TypeScript interfaces, static codecs on `src/generated/wire.ts`, and service descriptors. One module a
 * protobuf package; pbjs wants one text, so each module begins with a marker line that `generate-proto.ts` cuts at.
 * Covers what our .proto files use and throws on the rest.
 *
 * Length: one walk over one tree; the templates read best beside each other.
 */
export const marker = "// module: ";

export function typescriptTarget(
  root: protobuf.Root,
  _options: unknown,
  callback: (error: Error | null, output?: string) => void,
): void {
  try {
    root.resolveAll();
    const text = packagesOf(root)
      .map((found) => `${marker}${modulePath(found.fullName)}\n${moduleText(found)}`)
      .join("");
    callback(null, text);
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Every namespace that declares something itself, in the order of their names. */
function packagesOf(namespace: protobuf.NamespaceBase): protobuf.NamespaceBase[] {
  const own = namespace.nestedArray.some((object) => isDeclaration(object));
  const inner = namespace.nestedArray.flatMap((object) =>
    object instanceof protobuf.Namespace && !isDeclaration(object) ? packagesOf(object) : [],
  );
  return [...(own ? [namespace] : []), ...inner].sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
}

/** With those inside its messages, behind each. */
function declarationsIn(namespace: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((object) =>
    object instanceof protobuf.Type ? [object, ...declarationsIn(object)] : [object],
  );
}

function moduleText(owner: protobuf.NamespaceBase): string {
  const module = new Module(owner);
  // Constants must stand before what uses them while the module loads: services name messages, so they come last.
  const all = declarationsIn(owner);
  const body = [
    ...all.filter((object) => object instanceof protobuf.Enum).map(enumText),
    ...all.filter((object) => object instanceof protobuf.Type).map((type) => messageText(module, type)),
    ...all.filter((object) => object instanceof protobuf.Service).map((service) => serviceText(module, service)),
  ].join("");
  const head = `// Generated from proto/ (package ${owner.fullName.slice(1)}) by scripts/generate-proto. Do not edit.\n\n`;
  return `${head}${module.imports()}${body}`;
}

function enumText(type: protobuf.Enum): string {
  const values = Object.entries(type.values).map(([name, value]) => line(1, `${name}: ${value},`));
  const { name } = declared(type);
  const open = "An open enum: numbers without a name pass through `decode` and `encode` unchanged.";
  return [
    "\n",
    commentText(0, type.comment ? `${type.comment}\n${open}` : open),
    `export const ${name} = {\n${values.join("")}} as const;\n`,
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];\n`,
  ].join("");
}

function messageText(module: Module, type: protobuf.Type): string {
  const { name } = declared(type);
  const fields = type.fieldsArray.map((field) => new FieldText(module, field));
  const messageType = module.wire("MessageType", "type");
  const build = module.wire("messageType");
  return [
    "\n",
    commentText(0, type.comment),
    fields.length === 0
      ? `export type ${name} = Record<never, never>;\n`
      : `export interface ${name} {\n${fields.map((field) => field.declaration()).join("")}}\n`,
    `export const ${name}: ${messageType}<${name}> = ${build}<${name}>(\n`,
    line(1, `"${type.fullName.slice(1)}",`),
    line(1, `() => ({ ${fields.map((field) => `${field.name}: ${field.defaultValue()}`).join(", ")} }),`),
    fields.length === 0
      ? line(1, "() => {},")
      : `${line(1, "(m, w) => {")}${fields.map((f) => f.write()).join("")}${line(1, "},")}`,
    line(1, "(r, end, m) => {"),
    line(2, "while (r.pos < end) {"),
    line(3, "const tag = r.tag();"),
    fields.length === 0
      ? line(3, "r.skip(tag);")
      : [
          line(3, "switch (tag) {"),
          ...fields.map((field) => field.read()),
          line(4, "default:"),
          line(5, "r.skip(tag);"),
          line(3, "}"),
        ].join(""),
    line(2, "}"),
    line(2, `return ${module.wire("finish")}(r, end, m);`),
    line(1, "},"),
    ");\n",
  ].join("");
}

function serviceText(module: Module, service: protobuf.Service): string {
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    if (!method.resolvedRequestType || !method.resolvedResponseType)
      throw new Error(`${method.fullName}: unknown type`);
    return [
      line(2, `${method.name}: {`),
      line(3, `name: "${method.name}",`),
      line(3, `input: ${module.reference(method.resolvedRequestType)},`),
      line(3, `output: ${module.reference(method.resolvedResponseType)},`),
      line(3, `clientStreaming: ${method.requestStream === true},`),
      line(3, `serverStreaming: ${method.responseStream === true},`),
      line(2, "},"),
    ].join("");
  });
  return [
    "\n",
    commentText(0, service.comment),
    `export const ${service.name} = {\n`,
    line(1, `name: "${service.fullName.slice(1)}",`),
    line(1, "methods: {"),
    ...methods,
    line(1, "},"),
    "} as const;\n",
  ].join("");
}
