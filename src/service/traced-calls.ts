import { beginSpan } from "../tracing/span.ts";
import type { ServerInterceptor } from "../ttrpc/interceptor.ts";
import type { CallContext } from "../ttrpc/service.ts";

/** Records each call as a span, the time in which its handler waits for others included. */
export function tracedCalls(): ServerInterceptor {
  const call = ({ service, method }: CallContext, request: unknown, run: () => unknown): unknown => {
    const end = beginSpan("daemon", method, { service, ...namesOf(request) });
    const failed = (error: unknown): never => {
      end({ error: error instanceof Error ? error.message : String(error) });
      throw error;
    };
    try {
      const answer = run();
      if (!(answer instanceof Promise)) {
        end();
        return answer;
      }
      return answer.then((value: unknown) => {
        end();
        return value;
      }, failed);
    } catch (error) {
      return failed(error);
    }
  };
  return {
    unary: (request, context, next) => call(context, request, () => next(request, context)),
    stream: (stream, context, next) => call(context, undefined, () => next(stream, context)),
  };
}

function namesOf(request: unknown): { id?: string; exec?: string } {
  const text = (name: string): string | undefined => {
    const value = (request as Readonly<Record<string, unknown>> | undefined)?.[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [id, exec] = [text("id"), text("execId")];
  return { ...(id !== undefined && { id }), ...(exec !== undefined && { exec }) };
}
