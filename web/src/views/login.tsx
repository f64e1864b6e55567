import { useState } from "preact/hooks";
import type { Identity } from "../login";

interface Props {
  demo: boolean;
  ready: boolean;
  problem: string;
  onLogin(identity: Identity): void;
}

/** As a demo user by name, or with a token from elsewhere. */
export function Login({ demo, ready, problem, onLogin }: Props) {
  const [withToken, setWithToken] = useState(!demo);
  const [user, setUser] = useState("");
  const [token, setToken] = useState("");
  const byToken = withToken || !demo;
  const value = (byToken ? token : user).trim();
  const submit = (event: Event) => {
    event.preventDefault();
    if (value !== "" && ready) onLogin(byToken ? { token: value } : { user: value });
  };
  return (
    <main class="login">
      <form class="login-card" onSubmit={submit}>
        <img src="./icon.svg" alt="" width="60" height="60" />
        <h1>Flare</h1>
        <p class="login-hint">
          {byToken ? "Log in with a token." : "Pick any name and start chatting."}
        </p>
        {byToken ? (
          <label class="field">
            Token
            <textarea
              rows={4}
              value={token}
              placeholder="eyJhbGciOi …"
              spellcheck={false}
              onInput={(event) => setToken(event.currentTarget.value)}
              data-testid="login-token"
            />
          </label>
        ) : (
          <label class="field">
            Name
            <input
              value={user}
              placeholder="alice"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              maxLength={64}
              autofocus
              onInput={(event) => setUser(event.currentTarget.value)}
              data-testid="login-name"
            />
          </label>
        )}
        {problem !== "" && (
          <p class="problem" role="alert" data-testid="login-problem">
            {problem}
          </p>
        )}
        <button
          class="primary"
          type="submit"
          disabled={value === "" || !ready}
          data-testid="login-submit"
        >
          Log in
        </button>
        {demo && (
          <button
            class="plain"
            type="button"
            onClick={() => setWithToken(!withToken)}
            data-testid="login-switch"
          >
            {byToken ? "Log in by name" : "I have a token"}
          </button>
        )}
      </form>
    </main>
  );
}
