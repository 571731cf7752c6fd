import protobuf from "protobufjs";
import { commentText, line, type Module } from "./generate-proto-module.ts";

/** How a scalar type is spelled: in TypeScript, its default, its wire type, how it is written and read. */
interface Scalar {
  readonly type: string;
  readonly zero: string;
  readonly wireType: 0 | 1 | 2 | 5;
  write(value: string, writer: string): string;
  read(): string;
}

function scalar(module: Module, name: string): Scalar {
  const plain = (type: string, zero: string, wireType: 0 | 1 | 2 | 5): Scalar => ({
    type,
    zero,
    wireType,
    write: (value, writer) => `${writer}.${name}(${value})`,
    read: () => `r.${name}()`,
  });
  switch (name) {
    case "int32":
    case "uint32":
    case "sint32":
      return plain("number", "0", 0);
    case "bool":
      return plain("boolean", "false", 0);
    case "double":
      return plain("number", "0", 1);
    case "bytes":
      return plain("Uint8Array", module.wire("noBytes"), 2);
    case "string":
      return { ...plain("string", '""', 2), read: () => `${module.wire("readString")}(r)` };
    case "int64":
    case "uint64": {
      const read = name === "int64" ? "readInt64" : "readUint64";
      return {
        type: "bigint",
        zero: "0n",
        wireType: 0,
        write: (value, writer) => `${module.wire("writeInt64")}(${writer}, ${value})`,
        read: () => `${module.wire(read)}(r)`,
      };
    }
    default:
      throw new Error(`the type ${name} is not supported: teach scripts/generate-proto-target.ts`);
  }
}

function enumScalar(module: Module, type: protobuf.Enum): Scalar {
  const name = module.reference(type, "type");
  return {
    type: name,
    zero: "0",
    wireType: 0,
    write: (value, writer) => `${writer}.int32(${value})`,
    read: () => `r.int32() as ${name}`,
  };
}

/** The code of one field: its declaration, its default, how it is written and read. */
export class FieldText {
  readonly name: string;
  readonly #module: Module;
  readonly #field: protobuf.Field;

  constructor(module: Module, field: protobuf.Field) {
    this.#module = module;
    this.#field = field.resolve();
    this.name = field.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  }

  get #message(): protobuf.Type | undefined {
    return this.#field.resolvedType instanceof protobuf.Type ? this.#field.resolvedType : undefined;
  }

  get #scalar(): Scalar {
    const resolved = this.#field.resolvedType;
    if (resolved instanceof protobuf.Enum) return enumScalar(this.#module, resolved);
    return scalar(this.#module, this.#field.type);
  }

  get #element(): string {
    return this.#message ? this.#module.reference(this.#message, "type") : this.#scalar.type;
  }

  /** Absent and default differ: embedded messages, `optional` scalars and members of a oneof. */
  get #optional(): boolean {
    return !this.#field.repeated && !this.#field.map && (this.#message !== undefined || this.#field.partOf !== null);
  }

  #tag(wireType: number): number {
    return ((this.#field.id << 3) | wireType) >>> 0;
  }

  #mapKey(): Scalar {
    if (!(this.#field instanceof protobuf.MapField)) throw new Error(`${this.#field.fullName} is not a map`);
    return scalar(this.#module, this.#field.keyType);
  }

  declaration(): string {
    const comment = commentText(1, this.#field.comment);
    if (this.#field.map) return `${comment}${line(1, `${this.name}: Map<${this.#mapKey().type}, ${this.#element}>;`)}`;
    if (this.#field.repeated) return `${comment}${line(1, `${this.name}: ${this.#element}[];`)}`;
    if (this.#optional) return `${comment}${line(1, `${this.name}?: ${this.#element} | undefined;`)}`;
    return `${comment}${line(1, `${this.name}: ${this.#element};`)}`;
  }

  defaultValue(): string {
    if (this.#field.map) return "new Map()";
    if (this.#field.repeated) return "[]";
    return this.#optional ? "undefined" : this.#scalar.zero;
  }

  write(): string {
    const value = `m.${this.name}`;
    if (this.#field.map) return this.#writeMap(value);
    if (this.#message) {
      const name = this.#module.reference(this.#message);
      if (!this.#field.repeated) {
        return `${line(2, `if (${value} !== undefined) {`)}${this.#writeMessage(3, name, value)}${line(2, "}")}`;
      }
      return `${line(2, `for (const value of ${value}) {`)}${this.#writeMessage(3, name, "value")}${line(2, "}")}`;
    }
    const type = this.#scalar;
    if (this.#field.repeated && this.#field.packed && type.wireType !== 2) {
      return [
        line(2, `if (${value}.length > 0) {`),
        line(3, `w.uint32(${this.#tag(2)}).fork();`),
        line(3, `for (const value of ${value}) ${type.write("value", "w")};`),
        line(3, "w.ldelim();"),
        line(2, "}"),
      ].join("");
    }
    const tag = `w.uint32(${this.#tag(type.wireType)})`;
    if (this.#field.repeated) return line(2, `for (const value of ${value}) ${type.write("value", tag)};`);
    if (this.#optional) return line(2, `if (${value} !== undefined) ${type.write(value, tag)};`);
    if (type.type === "boolean") return line(2, `if (${value}) ${type.write(value, tag)};`);
    if (type.type === "Uint8Array") return line(2, `if (${value}.length > 0) ${type.write(value, tag)};`);
    return line(2, `if (${value} !== ${type.zero}) ${type.write(value, tag)};`);
  }

  #writeMessage(depth: number, name: string, value: string): string {
    return [
      line(depth, `w.uint32(${this.#tag(2)}).fork();`),
      line(depth, `${name}.write(${value}, w);`),
      line(depth, "w.ldelim();"),
    ].join("");
  }

  #writeMap(value: string): string {
    if (this.#message) throw new Error(`${this.#field.fullName}: maps of messages are not supported`);
    const key = this.#mapKey();
    const type = this.#scalar;
    return [
      line(2, `for (const [key, value] of ${value}) {`),
      line(3, `w.uint32(${this.#tag(2)}).fork();`),
      line(3, `${key.write("key", `w.uint32(${8 | key.wireType})`)};`),
      line(3, `${type.write("value", `w.uint32(${16 | type.wireType})`)};`),
      line(3, "w.ldelim();"),
      line(2, "}"),
    ].join("");
  }

  read(): string {
    const target = `m.${this.name}`;
    if (this.#field.map) return this.#readMap(target);
    if (this.#message) {
      const name = this.#module.reference(this.#message);
      const into = (start: string): string => `${name}.read(r, ${this.#module.wire("endOf")}(r, end), ${start})`;
      return this.#case(
        2,
        this.#field.repeated
          ? `${target}.push(${into(`${name}.create()`)});`
          : `${target} = ${into(`${target} ?? ${name}.create()`)};`,
      );
    }
    const type = this.#scalar;
    if (!this.#field.repeated) return this.#case(type.wireType, `${target} = ${type.read()};`);
    const one = this.#case(type.wireType, `${target}.push(${type.read()});`);
    if (type.wireType === 2) return one;
    const packed = `${this.#module.wire("readPacked")}(r, end, () => ${target}.push(${type.read()}));`;
    return `${one}${this.#case(2, packed)}`;
  }

  #case(wireType: number, statement: string): string {
    return `${line(4, `case ${this.#tag(wireType)}:`)}${line(5, statement)}${line(5, "break;")}`;
  }

  #readMap(target: string): string {
    const key = this.#mapKey();
    const type = this.#scalar;
    return [
      line(4, `case ${this.#tag(2)}: {`),
      line(5, `const last = ${this.#module.wire("endOf")}(r, end);`),
      line(5, `let key: ${key.type} = ${key.zero};`),
      line(5, `let value: ${type.type} = ${type.zero};`),
      line(5, "while (r.pos < last) {"),
      line(6, "const inner = r.tag();"),
      line(6, `if (inner === ${8 | key.wireType}) key = ${key.read()};`),
      line(6, `else if (inner === ${16 | type.wireType}) value = ${type.read()};`),
      line(6, "else r.skip(inner);"),
      line(5, "}"),
      line(5, `${this.#module.wire("finish")}(r, last, ${target}.set(key, value));`),
      line(5, "break;"),
      line(4, "}"),
    ].join("");
  }
}
