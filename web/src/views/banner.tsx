import type { ConnectionState } from "flare-im-client";
import { useNow } from "../hooks";

/** Says nothing while all is well. */
export function ConnectionBanner({ state, onRetry }: { state: ConnectionState; onRetry(): void }) {
  const nowMs = useNow(1_000);
  if (state.phase === "online" || state.phase === "idle" || state.phase === "closed") return null;
  const seconds =
    state.phase === "waiting" ? Math.max(0, Math.ceil((state.retryAtMs - nowMs) / 1_000)) : 0;
  return (
    <div class="banner" role="status" data-testid="connection-banner" data-phase={state.phase}>
      <span class="spinner" aria-hidden="true" />
      {state.phase === "connecting" && "Connecting …"}
      {state.phase === "syncing" && "Updating …"}
      {state.phase === "waiting" && (
        <>
          <span>No connection. Next try {seconds > 0 ? `in ${seconds} s` : "now"}.</span>
          <button class="plain" type="button" onClick={onRetry}>
            Try now
          </button>
        </>
      )}
    </div>
  );
}
