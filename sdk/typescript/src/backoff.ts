// How long to wait before the next try: exponential, with full jitter above a floor, so that the
// clients of a server that restarts do not come back in one wave.

export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
  random?: () => number;
}

export class Backoff {
  private tries = 0;

  constructor(private readonly options: BackoffOptions) {}

  nextMs(): number {
    const { baseMs, maxMs, random = Math.random } = this.options;
    // 2^30 is beyond any maximum; the bound keeps the power finite.
    const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(this.tries++, 30));
    return Math.round(ceiling / 2 + (ceiling / 2) * random());
  }

  reset(): void {
    this.tries = 0;
  }
}
