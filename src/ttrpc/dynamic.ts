import { load } from "@grpc/proto-loader";
import { notFound } from "../errors/shim-error.ts";
import type { MethodDescriptor, ServiceDescriptor } from "./service.ts";

/**
 * A service from a .proto file that is read at run time, by @grpc/proto-loader: for tools and tests. Nothing of the
 * shim imports this file: reflection costs tens of milliseconds of start-up (reference: performance 3).
 *
 * Messages are plain objects with lower-camel-case names; 64-bit integers are decimal strings, enums their names, bytes
 * a Buffer; defaults are filled in. `S` says what the service looks like; it is not checked against the file.
 *
 * @param name Full name: "containerd.task.v2.Task".
 * @throws not-found when the file declares no such service.
 */
export async function loadService<S extends ServiceDescriptor = ServiceDescriptor>(
  file: string,
  name: string,
  options: { readonly includeDirs?: readonly string[] } = {},
): Promise<S> {
  const definitions = await load(file, {
    longs: String,
    enums: String,
    defaults: true,
    includeDirs: [...(options.includeDirs ?? [])],
  });
  const definition = definitions[name];
  if (definition === undefined || "format" in definition) {
    throw notFound(`${file} declares no service ${name}; cannot load it: give the full name, package included`);
  }
  const methods: Record<string, MethodDescriptor> = {};
  for (const [method, parts] of Object.entries(definition)) {
    methods[method] = {
      name: method,
      input: {
        encode: (message) => parts.requestSerialize(object(message)),
        decode: (bytes) => parts.requestDeserialize(Buffer.from(bytes)),
      },
      output: {
        encode: (message) => parts.responseSerialize(object(message)),
        decode: (bytes) => parts.responseDeserialize(Buffer.from(bytes)),
      },
      clientStreaming: parts.requestStream,
      serverStreaming: parts.responseStream,
    };
  }
  return { name, methods } as ServiceDescriptor as S;
}

function object(message: unknown): object {
  if (typeof message !== "object" || message === null) throw new TypeError(`a message is an object, not ${message}`);
  return message;
}
