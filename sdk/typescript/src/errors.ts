// The one error type of the SDK. Its code says what the caller can do, not what broke; the names
// are the ones the server answers with, plus none of our own.

export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "CONFLICT"
  | "RESOURCE_EXHAUSTED"
  | "UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "CANCELLED"
  | "DATA_LOSS"
  | "INTERNAL";

export class FlareError extends Error {
  override readonly name = "FlareError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** May the same request succeed later? */
    readonly retry: boolean = false,
    /** How long the server asks to wait; 0 leaves it to the client's own backoff. */
    readonly retryAfterMs: number = 0,
  ) {
    super(message);
  }
}

const codes: ReadonlySet<string> = new Set<ErrorCode>([
  "INVALID_ARGUMENT",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "CONFLICT",
  "RESOURCE_EXHAUSTED",
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "CANCELLED",
  "DATA_LOSS",
  "INTERNAL",
]);

/** A code this version does not know is INTERNAL: nothing better can be done about it. */
export function toErrorCode(name: string): ErrorCode {
  return codes.has(name) ? (name as ErrorCode) : "INTERNAL";
}

export function toFlareError(cause: unknown): FlareError {
  if (cause instanceof FlareError) return cause;
  return new FlareError("INTERNAL", cause instanceof Error ? cause.message : String(cause));
}
