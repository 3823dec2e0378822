import type { Localize } from "../localize.ts";

/** A command that Home Assistant did not carry out. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** What the connection itself rejects with; `home-assistant-js-websocket` numbers these. */
const CONNECTION_LOST = 3;

/** Returns the error that a rejected command stands for. */
export function asApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason;
  if (reason === CONNECTION_LOST) return new ApiError("connection_lost", "");
  if (typeof reason === "object" && reason !== null && "code" in reason) {
    const { code, message } = reason as { code: unknown; message?: unknown };
    if (code === CONNECTION_LOST) return new ApiError("connection_lost", "");
    return new ApiError(String(code), typeof message === "string" ? message : "");
  }
  return new ApiError("unknown_error", reason instanceof Error ? reason.message : "");
}

/** Returns what to tell people about an error: the server's own sentence where it has one. */
export function errorText(t: Localize, reason: unknown): string {
  const { code, message } = asApiError(reason);
  switch (code) {
    case "connection_lost":
      return t("errors.connection_lost");
    case "unknown_command":
    case "not_loaded":
      return t("errors.not_loaded");
    case "unauthorized":
      return t("errors.unauthorized");
    case "timeout":
      return t("errors.timeout");
    default:
      return message || t("errors.unknown");
  }
}
