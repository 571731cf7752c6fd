import { invalidArgument } from "../errors/shim-error.ts";

/** Where one of a process's stdio goes, as containerd names it (reference: containerd-shim 1.17). */
export type StdioTarget =
  | { readonly scheme: "fifo"; readonly path: string }
  | { readonly scheme: "file"; readonly path: string }
  | LoggerTarget
  | StreamTarget;

/** A stream on a shim's socket, as CRI names it with `io_type = "streaming"`. */
export interface StreamTarget {
  readonly scheme: "ttrpc+unix";
  readonly path: string;
  readonly id: string;
}

export interface LoggerTarget {
  readonly scheme: "binary" | "binary-v2";
  readonly path: string;
  readonly args: readonly string[];
}

/** What `Info` may tell clients (containerd's `log-uri-schemes`). */
export const supportedSchemes = ["fifo", "file", "binary", "binary-v2", "ttrpc+unix"] as const;

/**
 * undefined for the empty string. A string without "://" is a FIFO's path, taken as it is: it may hold "%" or "?".
 * Throws invalid-argument for other schemes and for relative paths.
 */
export function parseStdio(uri: string): StdioTarget | undefined {
  if (uri === "") return undefined;
  const separator = uri.indexOf("://");
  if (separator < 0) return { scheme: "fifo", path: absolute(uri, uri) };
  const scheme = uri.slice(0, separator);
  const rest = uri.slice(separator + 3);
  const question = rest.indexOf("?");
  const path = () => absolute(decode(question < 0 ? rest : rest.slice(0, question), uri), uri);
  switch (scheme) {
    case "fifo":
    case "file":
      return { scheme, path: path() };
    case "binary":
    case "binary-v2":
      return { scheme, path: path(), args: question < 0 ? [] : queryArguments(rest.slice(question + 1), uri) };
    case "ttrpc+unix": {
      const id = new URLSearchParams(question < 0 ? "" : rest.slice(question + 1)).get("streaming_id") ?? "";
      if (id === "") throw invalidArgument(`stdio "${uri}" names no stream; cannot open it: give it a streaming_id`);
      return { scheme, path: path(), id };
    }
    default:
      throw invalidArgument(
        `stdio "${uri}" has the scheme "${scheme}"; cannot open it: use one of ${supportedSchemes.join(", ")}`,
      );
  }
}

/** Each `key=value` becomes two arguments, a lone key gets an empty value: what containerd's loggers expect. */
function queryArguments(query: string, uri: string): string[] {
  const args: string[] = [];
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const [key, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    args.push(decode(key.replaceAll("+", " "), uri), decode(value.replaceAll("+", " "), uri));
  }
  return args;
}

function absolute(path: string, uri: string): string {
  if (path.startsWith("/")) return path;
  throw invalidArgument(`stdio "${uri}" has no absolute path; cannot open it: write SCHEME:///PATH or /PATH`);
}

function decode(text: string, uri: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalidArgument(`stdio "${uri}" has a broken %-escape; cannot open it`, cause);
  }
}
